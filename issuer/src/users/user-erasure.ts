/**
 * Erases a user from the store.
 *
 * [ER-1] The steps are: end all sessions, note which backends to tell, delete the sessions, remove the user from
 *        histories. Each is idempotent and works in batches, so a call that failed is simply repeated.
 * [ER-2] Backends are noted before the sessions that say which tenants they are in are deleted.
 * [ER-3] Only revoked sessions are deleted: a session that was opened meanwhile must first be on the feed.
 * [ER-4] Entries of the feed stay, since tokens are valid until they expire.
 */
import { setImmediate } from "node:timers/promises";
import { sql } from "kysely";
import type { AuditSink } from "../audit/audit.ts";
import { KEEP_CHANGES_SECONDS } from "../clean-up/clean-up.ts";
import type { SessionEnding } from "../sessions/session-ending.ts";
import type { SessionRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { listToTell, type ErasureCalls, type ErasureKey } from "./erasure-call-store.ts";
import {
  ACTOR_TABLES,
  USER_BATCH,
  appChangesBy,
  erasureCallsOf,
  grantChangesBy,
  grantsBy,
  logEntriesOf,
  sessionsOf,
  wishesOf,
} from "./user-rows.ts";

export interface ErasureOptions {
  /**
   * Tenants whose apps get a call, besides those of the user's sessions. A session is forgotten a day after its end, so
   * name the tenants that your platform knows. Default: none.
   */
  readonly tenantIds?: readonly string[];
  /** Counts, and changes nothing. Default `false`. */
  readonly dryRun?: boolean;
}

export interface ErasureReport {
  readonly userId: string;
  readonly dryRun: boolean;
  /** Sessions that were ended and deleted. */
  readonly sessions: number;
  /** Entries of histories that no longer say that it was this user. */
  readonly histories: number;
  /** Requests for scopes that waited for an administrator, and were deleted. */
  readonly wishes: number;
  /** Apps that get a call, by tenant: their backends may have more about the user. */
  readonly told: readonly ErasureKey[];
  readonly kept: readonly KeptData[];
}

export interface KeptData {
  readonly what: "revocations" | "calls" | "sessions";
  readonly count: number;
  readonly why: string;
  /** Until then, in epoch seconds; absent where an event ends it. */
  readonly untilSeconds?: number;
}

export interface ErasureDeps {
  readonly store: OpenStore;
  readonly sessions: Pick<SessionEnding, "revoke">;
  readonly calls: ErasureCalls;
  /** Whether to note a call for an app. Default in a process without the apps: every app. */
  readonly isToTell: (appId: string) => boolean;
  readonly audit: AuditSink;
}

/** A user who signs in again and again during the erasure is still there afterwards. */
const MAX_ROUNDS = 3;

/** @throws {BridgeError} STORE_UNAVAILABLE. Call it again */
export async function eraseUser(
  deps: ErasureDeps,
  userId: string,
  { tenantIds = [], dryRun = false }: ErasureOptions,
): Promise<ErasureReport> {
  const { store, audit } = deps;
  const tenants = new Set(tenantIds);
  const told = new Map<string, ErasureKey>();
  let sessions = 0;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    if (!dryRun) await deps.sessions.revoke({ userId }, "user-erased");
    const found = await noteTenants(store, userId, tenants);
    for (const key of await noteCalls(deps, { userId, tenants, dryRun })) {
      told.set(`${key.appId} ${key.tenantId}`, key);
    }
    sessions += dryRun ? found : await deleteSessions(store, userId);
    if (dryRun || found === 0) break;
  }
  const wishes = await (dryRun ? countOf(wishesOf(store, userId)) : deleteWishes(store, userId));
  const histories = await (dryRun ? countActor : forgetActor)(store, userId);
  if (!dryRun) audit({ event: "user.erased", sub: userId, count: sessions });
  return {
    userId,
    dryRun,
    sessions,
    histories,
    wishes,
    told: [...told.values()],
    kept: await keptOf(store, userId, dryRun),
  };
}

/** @returns how many sessions there are */
async function noteTenants(
  store: OpenStore,
  userId: string,
  tenants: Set<string>,
): Promise<number> {
  let count = 0;
  for await (const rows of sessionsOf(store, userId)) {
    for (const row of rows) for (const tenantId of tenantsOf(row)) tenants.add(tenantId);
    count += rows.length;
  }
  return count;
}

/** The user may have been active in each tenant that the session can switch to. */
function tenantsOf({ tenants, tenant_id }: SessionRow): string[] {
  return [tenant_id, ...Object.keys(JSON.parse(tenants) as object)];
}

async function noteCalls(
  { store, calls, isToTell }: ErasureDeps,
  {
    userId,
    tenants,
    dryRun,
  }: { readonly userId: string; readonly tenants: Iterable<string>; readonly dryRun: boolean },
): Promise<ErasureKey[]> {
  const all: ErasureKey[] = [];
  for (const tenantId of tenants) {
    const installed = await listToTell(store, tenantId);
    const toTell = installed.filter(({ appId }) => isToTell(appId));
    if (!dryRun) await calls.add(userId, toTell);
    all.push(...toTell.map(({ appId }) => ({ appId, tenantId })));
    await setImmediate();
  }
  return all;
}

async function deleteSessions(store: OpenStore, userId: string): Promise<number> {
  let count = 0;
  for (;;) {
    const { numDeletedRows } = await withStore(store, () =>
      store.db
        .deleteFrom("breezeway_session")
        .where("handle", "in", (eb) =>
          eb
            .selectFrom("breezeway_session")
            .select("handle")
            .where("user_id", "=", userId)
            .where("revoked_at_ms", "is not", null)
            .orderBy("handle")
            .limit(USER_BATCH),
        )
        .executeTakeFirst(),
    );
    count += Number(numDeletedRows);
    if (numDeletedRows < USER_BATCH) return count;
    await setImmediate();
  }
}

async function deleteWishes(store: OpenStore, userId: string): Promise<number> {
  let count = 0;
  for await (const rows of wishesOf(store, userId)) {
    for (const { tenant_id, app_id } of rows) {
      await withStore(store, () =>
        store.db
          .deleteFrom("breezeway_grant_wish")
          .where("tenant_id", "=", tenant_id)
          .where("app_id", "=", app_id)
          .where("user_id", "=", userId)
          .execute(),
      );
    }
    count += rows.length;
  }
  return count;
}

async function forgetActor(store: OpenStore, actor: string): Promise<number> {
  let count = 0;
  for (const table of ACTOR_TABLES) {
    for (;;) {
      const updated = await withStore(store, () => forgetBatch(store, table, actor));
      count += updated;
      if (updated < USER_BATCH) break;
      await setImmediate();
    }
  }
  return count;
}

async function forgetBatch(
  { db }: OpenStore,
  table: (typeof ACTOR_TABLES)[number],
  actor: string,
): Promise<number> {
  const columns = {
    breezeway_app_change: ["app_id", "number"],
    breezeway_grant: ["tenant_id", "app_id"],
    breezeway_grant_change: ["tenant_id", "app_id", "number"],
  }[table];
  const key = sql.join(columns.map((column) => sql.ref(column)));
  const { numAffectedRows = 0n } = await sql`
    update ${sql.table(table)} set "actor" = null where (${key}) in
    (select ${key} from ${sql.table(table)} where "actor" = ${actor} limit ${USER_BATCH})
  `.execute(db);
  return Number(numAffectedRows);
}

async function countActor(store: OpenStore, actor: string): Promise<number> {
  const [apps, grants, changes] = [appChangesBy, grantsBy, grantChangesBy];
  return (
    (await countOf(apps(store, actor))) +
    (await countOf(grants(store, actor))) +
    (await countOf(changes(store, actor)))
  );
}

async function countOf(batches: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0;
  for await (const rows of batches) count += rows.length;
  return count;
}

async function keptOf(store: OpenStore, userId: string, dryRun: boolean): Promise<KeptData[]> {
  let latest = 0;
  let revocations = 0;
  for await (const rows of logEntriesOf(store, userId)) {
    revocations += rows.length;
    latest = Math.max(latest, ...rows.map(({ at_seconds }) => at_seconds));
  }
  const calls = await countOf(erasureCallsOf(store, userId));
  const sessions = dryRun ? 0 : await countOf(sessionsOf(store, userId));
  const kept: KeptData[] = [
    {
      what: "revocations",
      count: revocations,
      why: "Gateways and verifiers reject the user's tokens by these entries until they have expired.",
      untilSeconds: latest + KEEP_CHANGES_SECONDS,
    },
    {
      what: "calls",
      count: calls,
      why: "The backends of these apps must learn which user was erased. Each call goes with its answer, or after the last attempt.",
    },
    {
      what: "sessions",
      count: sessions,
      why: "The user has signed in during the erasure. Repeat it.",
    },
  ];
  return kept.filter(({ count }) => count > 0);
}
