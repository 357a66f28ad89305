/**
 * What an issuer does now and then: announces keys that are due, forgets what has ended.
 *
 * Deleting waits until the wall clock has run evenly for an hour. A clock that jumps ahead makes live
 * sessions look long gone; they come back when it is set right, unless they were deleted.
 */
import { KEY_REMOVAL_SECONDS } from "@breezeway/shared/schemas";
import { purgeChanges } from "./changes/change-log.ts";
import { RELEVANT_SECONDS } from "./changes/revocation-feed.ts";
import { toSeconds, type Clock } from "./clock.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import type { SessionLifetimes } from "./sessions/lifetime.ts";
import type { SessionStore } from "./sessions/session-store.ts";
import type { OpenStore } from "./store/store.ts";
import { withStore } from "./store/unavailable.ts";

export interface MaintenanceDeps {
  readonly store: OpenStore;
  readonly sessions: SessionStore;
  readonly keys: KeyRing;
  readonly lifetimes: SessionLifetimes;
  readonly clock: Clock;
  /** Milliseconds that only ever go forward. Default: `performance.now`. */
  readonly monotonic?: () => number;
}

export interface Maintenance {
  run(): Promise<void>;
}

const SETTLED_MS = 3_600_000;
const MAX_DRIFT_MS = 60_000;
/** An ended session is still told why, for a day. */
const KEEP_SESSIONS_MS = 24 * 3_600_000;
/** Long enough for readers that were away for minutes; the rest start with a snapshot. */
const KEEP_CHANGES_SECONDS = Math.max(KEY_REMOVAL_SECONDS, 2 * RELEVANT_SECONDS);

export function createMaintenance(deps: MaintenanceDeps): Maintenance {
  const { store, sessions, keys, lifetimes, clock } = deps;
  const monotonic = deps.monotonic ?? (() => performance.now());
  let settledSince = monotonic();
  let offset = clock() - monotonic();

  function isSettled(): boolean {
    const drift = Math.abs(clock() - monotonic() - offset);
    offset = clock() - monotonic();
    if (drift > MAX_DRIFT_MS) settledSince = monotonic();
    return monotonic() - settledSince >= SETTLED_MS;
  }

  return {
    async run() {
      await keys.maintain();
      if (!isSettled()) return;
      const nowMs = clock();
      await keys.purge();
      await sessions.purge(nowMs - KEEP_SESSIONS_MS, lifetimes.idleMs);
      await withStore(store, () => purgeChanges(store.db, toSeconds(nowMs) - KEEP_CHANGES_SECONDS));
      await withStore(store, () =>
        store.db.deleteFrom("breezeway_login_attempt").where("expires_at_ms", "<", nowMs).execute(),
      );
    },
  };
}
