/**
 * The change log: numbered changes that other issuer processes and the gateways must know.
 *
 * Invariant: numbers follow commit order and have no gap. Each writer locks the counter row in its
 * transaction before it takes a number, so a reader that has seen N has seen every change before N. A
 * plain database sequence does not promise that: a transaction may take 5 and commit after 6.
 */
import type { Kysely, Transaction } from "kysely";
import { toSeconds } from "../time.ts";
import type { ChangeRow, Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";

/** Kinds that end tokens. They are on the revocation feed. */
export const REVOCATION_KINDS = ["session", "user", "tenant", "app", "key"] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** Kinds for issuer processes only: they invalidate memory and cause events for the host page. */
export type InternalKind =
  | "claims-changed"
  | "tenant-changed"
  | "data-changed"
  | "renewed"
  | "keys-changed"
  | "installations-changed"
  | "apps-changed"
  | "grants-changed"
  | "sessions-ended";

/** The subject of an `apps-changed` that is about the apps of files. No app has this id. */
export const ALL_APPS = "*";

export interface Change {
  readonly kind: RevocationKind | InternalKind;
  /**
   * Session handle, user, tenant, app or key id, by kind. For `installations-changed` and `grants-changed`, the tenant id; for
   * `apps-changed`, the app id, or {@link ALL_APPS}; for `sessions-ended`, that of its `detail`.
   */
  readonly subject: string;
  /** Narrows a `user` or `app` revocation, or an `apps-changed`, to one tenant. */
  readonly tenantId?: string;
  /** The reason of a `session`, such as `signed-out` or `refresh-reused`. The kind of a `sessions-ended`. */
  readonly detail?: string;
  /** Default: the second of the change. */
  readonly atSeconds?: number;
}

export function isRevocationKind(kind: string): kind is RevocationKind {
  return (REVOCATION_KINDS as readonly string[]).includes(kind);
}

/** Adds changes to the log, in the transaction that makes them. */
export async function appendChanges(
  store: OpenStore,
  transaction: Transaction<Database>,
  changes: readonly Change[],
  nowMs: number,
): Promise<void> {
  if (changes.length === 0) return;
  const { seq } = await transaction
    .updateTable("breezeway_change_counter")
    .set((eb) => ({ seq: eb("seq", "+", changes.length) }))
    .where("id", "=", 1)
    .returning("seq")
    .executeTakeFirstOrThrow();
  const first = seq - changes.length + 1;
  await transaction
    .insertInto("breezeway_change")
    .values(
      changes.map((change, index) => ({
        seq: first + index,
        kind: change.kind,
        subject: change.subject,
        tenant_id: change.tenantId ?? null,
        detail: change.detail ?? null,
        at_seconds: change.atSeconds ?? toSeconds(nowMs),
      })),
    )
    .execute();
  await store.announce(transaction, seq);
}

/** The number of the newest committed change; 0 when there is none. */
export async function latestSeq(db: Kysely<Database>): Promise<number> {
  const { seq } = await db
    .selectFrom("breezeway_change_counter")
    .select("seq")
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
  return seq;
}

/** At most `limit` changes after a number, oldest first. */
export function readChanges(
  db: Kysely<Database>,
  afterSeq: number,
  limit: number,
): Promise<ChangeRow[]> {
  return db
    .selectFrom("breezeway_change")
    .selectAll()
    .where("seq", ">", afterSeq)
    .orderBy("seq")
    .limit(limit)
    .execute();
}

/**
 * Deletes at most `limit` changes older than a time. Their numbers are not used again. A change that only
 * looks old, since the clock of its process was behind, comes after a recent one and stays.
 *
 * @returns how many it deleted
 */
export async function purgeChanges(
  db: Kysely<Database>,
  beforeSeconds: number,
  limit: number,
): Promise<number> {
  const recent = await db
    .selectFrom("breezeway_change")
    .select("seq")
    .where("at_seconds", ">=", beforeSeconds)
    .orderBy("at_seconds")
    .limit(1)
    .executeTakeFirst();
  const old = db
    .selectFrom("breezeway_change")
    .select("seq")
    .where("at_seconds", "<", beforeSeconds)
    .$if(recent !== undefined, (query) => query.where("seq", "<", recent?.seq ?? 0))
    .orderBy("at_seconds")
    .limit(limit);
  const { numDeletedRows } = await db
    .deleteFrom("breezeway_change")
    .where("seq", "in", old)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Clocks of processes may be ahead of the store's by this much. */
const MAX_AHEAD_SECONDS = 60;

/**
 * Gives at most `limit` changes of a clock that was ahead the present time, so that they become old.
 *
 * @returns how many
 */
export async function datePresent(
  db: Kysely<Database>,
  nowSeconds: number,
  limit: number,
): Promise<number> {
  const future = db
    .selectFrom("breezeway_change")
    .select("seq")
    .where("at_seconds", ">", nowSeconds + MAX_AHEAD_SECONDS)
    .orderBy("at_seconds", "desc")
    .limit(limit);
  const { numUpdatedRows } = await db
    .updateTable("breezeway_change")
    .set({ at_seconds: nowSeconds })
    .where("seq", "in", future)
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
