/**
 * Deletes sessions a day after they ended.
 *
 * The clean-up finds a session by one indexed time, `review_at_ms`, and only then looks for its end. A
 * live session gets a later review. So activity, which postpones the end, writes no indexed column: on
 * Postgres such a write would touch every index of the table.
 */
import type { Expression, ExpressionBuilder } from "kysely";
import type { Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { KEEP_ENDED_MS } from "./session-record.ts";

export interface SessionPurge {
  readonly nowMs: number;
  /** As in `SessionLifetimes`. */
  readonly idleMs: number;
  /** Sessions to review. */
  readonly limit: number;
}

/**
 * Reviews sessions whose time has come, at least `limit` of them if there are so many.
 *
 * @returns how many it deleted or will review again
 */
export async function purgeSessions(
  { db, kind }: OpenStore,
  { nowMs, idleMs, limit }: SessionPurge,
): Promise<number> {
  const least = kind === "postgres" ? "least" : "min";
  const forgetAtMs = (eb: ExpressionBuilder<Database, "breezeway_session">): Expression<number> =>
    eb(
      eb.fn<number>(least, [
        "expires_at_ms",
        eb("last_active_at_ms", "+", idleMs),
        eb.fn.coalesce("revoked_at_ms", "expires_at_ms"),
      ]),
      "+",
      KEEP_ENDED_MS,
    );
  const due = db
    .selectFrom("breezeway_session")
    .select("handle")
    .where("review_at_ms", "<=", nowMs)
    .orderBy("review_at_ms")
    .limit(limit);
  const { numUpdatedRows } = await db
    .updateTable("breezeway_session")
    .set((eb) => ({ review_at_ms: forgetAtMs(eb) }))
    .where("handle", "in", due)
    .where((eb) => eb(forgetAtMs(eb), ">", nowMs))
    .executeTakeFirst();
  const { numDeletedRows } = await db
    .deleteFrom("breezeway_session")
    .where("handle", "in", due)
    .where((eb) => eb(forgetAtMs(eb), "<=", nowMs))
    .executeTakeFirst();
  return Number(numUpdatedRows + numDeletedRows);
}
