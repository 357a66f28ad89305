/**
 * The change log: what other issuer processes and the gateways must hear of, numbered.
 *
 * Invariant: numbers follow commit order and have no gap. Each writer takes the counter row's lock
 * in its transaction before it gets a number, so a reader that has seen N has seen all before N. A
 * plain database sequence gives no such promise: a transaction may take 5, and commit after 6.
 */
import type { Kysely, Transaction } from "kysely";
import { toSeconds } from "../time.ts";
import type { ChangeRow, Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";

/** Kinds that end tokens; they are on the revocation feed. */
export const REVOCATION_KINDS = ["session", "user", "tenant", "app", "key"] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];

/** Kinds that only issuer processes need: caches to drop, events for the host page. */
export type InternalKind =
  | "claims-changed"
  | "tenant-changed"
  | "data-changed"
  | "renewed"
  | "keys-changed"
  | "installations-changed";

export interface Change {
  readonly kind: RevocationKind | InternalKind;
  /** Session handle, user id, tenant id, app id or key id, by kind; of `installations-changed`, the tenant. */
  readonly subject: string;
  /** Narrows a `user` or `app` revocation to one tenant. */
  readonly tenantId?: string;
  /** Why, for kind `session`: `signed-out`, `refresh-reused`, …; {@link WIDENED}. */
  readonly detail?: string;
  /** The second that a revocation names. Default: that of the change, and {@link leadSeconds}. */
  readonly atSeconds?: number;
}

/** Detail of a revocation that only repeats an earlier one, for tokens made before it was heard. */
export const WIDENED = "widened";

export function isRevocationKind(kind: string): kind is RevocationKind {
  return (REVOCATION_KINDS as readonly string[]).includes(kind);
}

/** Adds changes inside the transaction that makes them. */
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
        at_seconds: change.atSeconds ?? toSeconds(nowMs) + leadSeconds(change.kind),
      })),
    )
    .execute();
  await store.announce(transaction, seq);
}

/**
 * A revocation of more than one session names a second, and an issuer that has not heard of it yet
 * goes on minting for a moment. Nearly always the moment is inside what the revocation ends; when it
 * was not, that issuer widens the revocation (`revocation-widening.ts`).
 */
function leadSeconds(kind: Change["kind"]): number {
  return kind === "user" || kind === "tenant" || kind === "app" ? 1 : 0;
}

/** The number of the newest committed change; 0 before the first. */
export async function latestSeq(db: Kysely<Database>): Promise<number> {
  const { seq } = await db
    .selectFrom("breezeway_change_counter")
    .select("seq")
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
  return seq;
}

/** Changes after a number, oldest first, at most `limit`. */
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

/** Forgets changes older than a time; all numbers stay taken. */
export async function purgeChanges(db: Kysely<Database>, beforeSeconds: number): Promise<void> {
  await db.deleteFrom("breezeway_change").where("at_seconds", "<", beforeSeconds).execute();
}
