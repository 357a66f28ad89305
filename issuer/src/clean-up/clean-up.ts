/**
 * Deletes what has ended, from every table that grows: sessions, changes, rotations, sign-ins
 * that nobody finished.
 *
 * Invariant: however much is due, each statement handles one batch by an index, and other work of this
 * process gets a turn before the next one.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@breezeway/shared";
import { KEY_REMOVAL_SECONDS } from "@breezeway/shared/schemas";
import { datePresent, purgeChanges } from "../changes/change-log.ts";
import { RELEVANT_SECONDS } from "../changes/revocation-window.ts";
import { endFutureAttempts, purgeLoginAttempts } from "../login/login-attempts.ts";
import { purgeRotations, releaseRotations } from "../sessions/rotation-watcher.ts";
import { purgeSessions } from "../sessions/session-purge.ts";
import type { SessionLifetimes } from "../sessions/lifetime.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { toSeconds } from "../time.ts";

export interface CleanUpDeps {
  readonly store: OpenStore;
  readonly lifetimes: Pick<SessionLifetimes, "idleMs">;
  readonly clock: Pick<Clock, "monotonic">;
  /** Ends the run after the present batch. */
  readonly signal: AbortSignal;
}

/** @returns how many rows it handled */
type Batch = () => Promise<number>;

/** Rows of one statement. SQLite deletes so many sessions in a few milliseconds, on this thread. */
export const CLEAN_UP_BATCH = 100;
/** Well within the lease. The next run continues. */
const MAX_RUN_MS = 30_000;
/** Readers that were away for longer start with a snapshot. No token outlives its entries. */
export const KEEP_CHANGES_SECONDS: number = Math.max(KEY_REMOVAL_SECONDS, 2 * RELEVANT_SECONDS);

export interface CleanUpRun {
  readonly nowMs: number;
  /** Whether what is old by the clock may be deleted. */
  readonly mayDelete: boolean;
}

/** @throws {BridgeError} STORE_UNAVAILABLE */
export async function cleanUp(deps: CleanUpDeps, { nowMs, mayDelete }: CleanUpRun): Promise<void> {
  const { store, lifetimes, clock, signal } = deps;
  const stopAtMs = clock.monotonic() + MAX_RUN_MS;
  const limit = CLEAN_UP_BATCH;
  const released = await withStore(store, () => releaseRotations(store));
  const byNumber: readonly Batch[] = [() => purgeRotations(store, released, limit)];
  // Sessions come last: there may be a million of them.
  const byClock: readonly Batch[] = [
    () => datePresent(store.db, toSeconds(nowMs), limit),
    () => endFutureAttempts(store, nowMs, limit),
    () => purgeChanges(store.db, toSeconds(nowMs) - KEEP_CHANGES_SECONDS, limit),
    () => purgeLoginAttempts(store, nowMs, limit),
    () => purgeSessions(store, { nowMs, idleMs: lifetimes.idleMs, limit }),
  ];
  for (const batch of mayDelete ? [...byNumber, ...byClock] : byNumber) {
    while (!signal.aborted && clock.monotonic() < stopAtMs) {
      if ((await withStore(store, batch)) < limit) break;
      await setImmediate();
    }
  }
}
