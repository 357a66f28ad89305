/**
 * Which process cleans up, and whether the clock can be believed.
 *
 * Invariants:
 * - one process of many cleans up at a time, by the store's clock;
 * - nothing is deleted until that clock has run evenly for an hour. A clock that jumps ahead makes live
 *   sessions look ended; once it is corrected they are live again, unless they were deleted. The store
 *   remembers the hour, so that a process which is restarted more often cleans up, too.
 */
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

/** A little less than the time between two runs of one process. */
const LEASE_MS = 50_000;
const SETTLED_MS = 3_600_000;
/** Between two runs. Everything is kept for longer than this, and restarts take less. */
const MAX_GAP_MS = 3_600_000;

export interface CleanUpClaim {
  /** The clock has run evenly for long enough. */
  readonly mayDelete: boolean;
}

/**
 * Claims the clean-up for one run.
 *
 * @returns `undefined` when another process has it
 * @throws {BridgeError} STORE_UNAVAILABLE
 */
export async function claimCleanUp(
  store: OpenStore,
  nowMs: number,
): Promise<CleanUpClaim | undefined> {
  const claimed = await withStore(store, () =>
    store.db
      .updateTable("breezeway_clean_up")
      .set((eb) => ({
        leased_until_ms: nowMs + LEASE_MS,
        checked_at_ms: nowMs,
        even_since_ms: eb
          .case()
          .when(eb.between("checked_at_ms", nowMs - MAX_GAP_MS, nowMs))
          .then(eb.ref("even_since_ms"))
          .else(nowMs)
          .end(),
      }))
      .where("id", "=", 1)
      .where((eb) =>
        eb.or([
          eb("leased_until_ms", "<=", nowMs),
          // A clock that was ahead wrote it.
          eb("leased_until_ms", ">", nowMs + LEASE_MS),
        ]),
      )
      .returning("even_since_ms")
      .executeTakeFirst(),
  );
  return claimed && { mayDelete: nowMs - claimed.even_since_ms >= SETTLED_MS };
}
