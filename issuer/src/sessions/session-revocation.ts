/**
 * The queries that revoke sessions, however many.
 *
 * [RV-1] Sessions are revoked in slices, each in a transaction, with a turn of the event loop between.
 * [RV-2] A few are announced one by one, in the transaction that revokes them: an entry of a session is
 *        exact. Very many are announced as one entry of their user or tenant at the beginning, one at the
 *        end, and one for each second between.
 * [RV-3] Between two such entries, each slice announces to the issuers that sessions have ended, so that
 *        no memory keeps them.
 * [RV-4] A revocation of very many leaves a row behind until its last entry is committed. After a crash,
 *        the next call or the maintenance of any process finishes it.
 */
import { setImmediate } from "node:timers/promises";
import type { Transaction } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { KEEP_ENDED_MS, type SessionRecord } from "./session-record.ts";

export interface RevokeQuery {
  readonly userId?: string;
  readonly tenantId?: string;
  readonly handle?: string;
  /** The one session of the user that stays. It has no meaning to `manyOf`: an entry of the user would end it. */
  readonly exceptHandle?: string;
}

/** All sessions of a user, or of a tenant. */
export interface ManySessions {
  readonly kind: "user" | "tenant";
  readonly id: string;
  /** Narrows a user to one tenant. */
  readonly tenantId?: string;
}

export type EndedSession = Pick<SessionRecord, "handle" | "userId" | "tenantId">;

export interface SessionRevocation {
  /** What to give to `revokeMany`, when the query finds very many sessions or an unfinished revocation. */
  readonly manyOf: (query: RevokeQuery) => Promise<ManySessions | undefined>;
  /** Revokes the matching sessions that are not revoked yet, and yields them in slices. */
  readonly revoke: (
    query: RevokeQuery,
    reason: string,
    nowMs: number,
  ) => AsyncGenerator<EndedSession[], void>;
  /**
   * Revokes very many sessions.
   *
   * @param now Epoch milliseconds
   * @param onSlice Gets the handles that a committed slice has revoked, none for the first entry
   * @returns how many were revoked, including those of an attempt that failed
   */
  readonly revokeMany: (
    many: ManySessions,
    now: () => number,
    onSlice: (handles: readonly string[]) => void,
  ) => Promise<number>;
  /** Revocations that no process has worked on since a time, or whose time a wrong clock wrote. */
  readonly unfinished: (beforeMs: number, afterMs: number) => Promise<ManySessions[]>;
}

/** When more sessions are revoked at once, the feed names their user or tenant. */
export const MAX_SESSION_CHANGES = 1_000;
/** Sessions in one transaction. Others wait for it: SQLite has one writer, and this process one thread. */
export const REVOKE_SLICE = 100;
/** Within the time in which a revocation must arrive everywhere. */
const ENTRY_INTERVAL_MS = 1_000;

const REVOKED = "revoked";

interface Place {
  readonly tenantId: string;
  readonly handle: string;
}

/** Sessions that are not revoked, in the order of the indexes. */
async function livePlaces(
  store: OpenStore,
  { handle, exceptHandle, userId, tenantId }: RevokeQuery,
  { limit, after }: { readonly limit: number; readonly after?: Place | undefined },
): Promise<Place[]> {
  let query = store.db
    .selectFrom("breezeway_session")
    .select(["tenant_id as tenantId", "handle"])
    .where("revoked_at_ms", "is", null)
    .orderBy("tenant_id")
    .orderBy("handle")
    .limit(limit);
  if (handle !== undefined) query = query.where("handle", "=", handle);
  if (exceptHandle !== undefined) query = query.where("handle", "!=", exceptHandle);
  if (userId !== undefined) query = query.where("user_id", "=", userId);
  if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
  if (after) {
    query = query.where((eb) =>
      eb(eb.refTuple("tenant_id", "handle"), ">", eb.tuple(after.tenantId, after.handle)),
    );
  }
  return withStore(store, () => query.execute());
}

async function* slicesOf(store: OpenStore, query: RevokeQuery): AsyncGenerator<string[], void> {
  for (let after: Place | undefined; ;) {
    const places = await livePlaces(store, query, { limit: REVOKE_SLICE, after });
    after = places.at(-1);
    if (after) yield places.map(({ handle }) => handle);
    if (places.length < REVOKE_SLICE) return;
    await setImmediate();
  }
}

async function revokeSlice(
  transaction: Transaction<Database>,
  handles: readonly string[],
  { reason, nowMs }: { readonly reason: string; readonly nowMs: number },
): Promise<EndedSession[]> {
  return transaction
    .updateTable("breezeway_session")
    .set({
      revoked_at_ms: nowMs,
      revoked_reason: reason,
      review_at_ms: nowMs + KEEP_ENDED_MS,
    })
    .where("revoked_at_ms", "is", null)
    .where("handle", "in", handles)
    .returning(["handle", "user_id as userId", "tenant_id as tenantId"])
    .execute();
}

function queryOf({ kind, id, tenantId }: ManySessions): RevokeQuery {
  if (kind === "tenant") return { tenantId: id };
  return tenantId === undefined ? { userId: id } : { userId: id, tenantId };
}

function subjectOf({ userId, tenantId }: RevokeQuery): ManySessions | undefined {
  if (userId === undefined)
    return tenantId === undefined ? undefined : { kind: "tenant", id: tenantId };
  return { kind: "user", id: userId, ...(tenantId === undefined ? {} : { tenantId }) };
}

/** The entry for the feed, or the one for issuers alone. */
function changeOf({ kind, id, tenantId }: ManySessions, isEntry: boolean): Change {
  return {
    ...(isEntry ? { kind } : { kind: "sessions-ended", detail: kind }),
    subject: id,
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}

function keyOf({ kind, id, tenantId = "" }: ManySessions): {
  readonly kind: ManySessions["kind"];
  readonly subject: string;
  readonly tenant_id: string;
} {
  return { kind, subject: id, tenant_id: tenantId };
}

function createManyRevocation(store: OpenStore): SessionRevocation["revokeMany"] {
  const { db } = store;

  const inTransaction = <T>(work: (transaction: Transaction<Database>) => Promise<T>): Promise<T> =>
    withStore(store, () => db.transaction().execute(work));

  const begin = (many: ManySessions, nowMs: number): Promise<void> =>
    inTransaction(async (transaction) => {
      await transaction
        .insertInto("breezeway_revocation")
        .values({ ...keyOf(many), ended: 0, active_at_ms: nowMs })
        .onConflict((conflict) =>
          conflict.columns(["kind", "subject", "tenant_id"]).doUpdateSet({ active_at_ms: nowMs }),
        )
        .execute();
      await appendChanges(store, transaction, [changeOf(many, true)], nowMs);
    });

  const finish = (many: ManySessions, nowMs: number): Promise<number | undefined> =>
    inTransaction(async (transaction) => {
      const { kind, subject, tenant_id } = keyOf(many);
      const row = await transaction
        .deleteFrom("breezeway_revocation")
        .where("kind", "=", kind)
        .where("subject", "=", subject)
        .where("tenant_id", "=", tenant_id)
        .returning("ended")
        .executeTakeFirst();
      await appendChanges(store, transaction, [changeOf(many, true)], nowMs);
      return row?.ended;
    });

  return async (many, now, onSlice) => {
    const { kind, subject, tenant_id } = keyOf(many);
    await begin(many, now());
    onSlice([]);
    let entryAt = performance.now();
    let own = 0;
    for await (const handles of slicesOf(store, queryOf(many))) {
      const isEntry = performance.now() - entryAt >= ENTRY_INTERVAL_MS;
      if (isEntry) entryAt = performance.now();
      const nowMs = now();
      const ended = await inTransaction(async (transaction) => {
        const revoked = await revokeSlice(transaction, handles, { reason: REVOKED, nowMs });
        await transaction
          .updateTable("breezeway_revocation")
          .set((eb) => ({ ended: eb("ended", "+", revoked.length), active_at_ms: nowMs }))
          .where("kind", "=", kind)
          .where("subject", "=", subject)
          .where("tenant_id", "=", tenant_id)
          .execute();
        await appendChanges(store, transaction, [changeOf(many, isEntry)], nowMs);
        return revoked;
      });
      own += ended.length;
      onSlice(ended.map(({ handle }) => handle));
    }
    // Another process may have finished it meanwhile.
    return (await finish(many, now())) ?? own;
  };
}

export function createSessionRevocation(store: OpenStore): SessionRevocation {
  const { db } = store;

  const isUnfinished = async (many: ManySessions): Promise<boolean> => {
    const { kind, subject, tenant_id } = keyOf(many);
    const row = await withStore(store, () =>
      db
        .selectFrom("breezeway_revocation")
        .select("kind")
        .where("kind", "=", kind)
        .where("subject", "=", subject)
        .where("tenant_id", "=", tenant_id)
        .executeTakeFirst(),
    );
    return row !== undefined;
  };

  return {
    manyOf: async (query) => {
      const many = query.handle === undefined ? subjectOf(query) : undefined;
      if (!many) return undefined;
      const limit = MAX_SESSION_CHANGES + 1;
      const isMany = (await livePlaces(store, query, { limit })).length === limit;
      return isMany || (await isUnfinished(many)) ? many : undefined;
    },
    async *revoke(query, reason, nowMs) {
      for await (const handles of slicesOf(store, query)) {
        yield await withStore(store, () =>
          db.transaction().execute(async (transaction) => {
            const ended = await revokeSlice(transaction, handles, { reason, nowMs });
            const changes = ended.map(({ handle }): Change => ({
              kind: "session",
              subject: handle,
              detail: reason,
            }));
            await appendChanges(store, transaction, changes, nowMs);
            return ended;
          }),
        );
      }
    },
    revokeMany: createManyRevocation(store),
    unfinished: async (beforeMs, afterMs) => {
      const rows = await withStore(store, () =>
        db
          .selectFrom("breezeway_revocation")
          .selectAll()
          .where((eb) =>
            eb.or([eb("active_at_ms", "<", beforeMs), eb("active_at_ms", ">", afterMs)]),
          )
          .execute(),
      );
      return rows.map(({ kind, subject, tenant_id }) => ({
        kind,
        id: subject,
        ...(tenant_id === "" ? {} : { tenantId: tenant_id }),
      }));
    },
  };
}
