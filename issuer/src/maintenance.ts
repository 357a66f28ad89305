/**
 * Periodic work of an issuer: announces keys that are due, and deletes what has ended.
 *
 * Deleting waits until the wall clock has run evenly for an hour. A clock that jumps ahead makes live
 * sessions look expired; once the clock is corrected they are live again, unless they were deleted.
 */
import type { Clock } from "@breezeway/shared";
import { KEY_REMOVAL_SECONDS } from "@breezeway/shared/schemas";
import { purgeChanges } from "./changes/change-log.ts";
import { RELEVANT_SECONDS } from "./changes/revocation-window.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import type { SessionLifetimes } from "./sessions/lifetime.ts";
import type { SessionStore } from "./sessions/session-store.ts";
import type { OpenStore } from "./store/store.ts";
import { withStore } from "./store/unavailable.ts";
import { toSeconds } from "./time.ts";

export interface MaintenanceDeps {
  readonly store: OpenStore;
  readonly sessions: Pick<SessionStore, "purge">;
  readonly keys: Pick<KeyRing, "maintain" | "purge">;
  readonly lifetimes: SessionLifetimes;
  readonly clock: Clock;
}

export interface Maintenance {
  readonly run: () => Promise<void>;
}

const INTERVAL_MS = 60_000;
const SETTLED_MS = 3_600_000;
const MAX_DRIFT_MS = 60_000;
/** For a day, a client of an ended session still learns why the session ended. */
const KEEP_SESSIONS_MS = 24 * 3_600_000;
/** Readers that were away for longer start with a snapshot. */
const KEEP_CHANGES_SECONDS = Math.max(KEY_REMOVAL_SECONDS, 2 * RELEVANT_SECONDS);

export function createMaintenance(deps: MaintenanceDeps): Maintenance {
  const { store, sessions, keys, lifetimes, clock } = deps;
  let settledSince = clock.monotonic();
  let offset = clock.now() - clock.monotonic();

  const isSettled = (): boolean => {
    const drift = Math.abs(clock.now() - clock.monotonic() - offset);
    offset = clock.now() - clock.monotonic();
    if (drift > MAX_DRIFT_MS) settledSince = clock.monotonic();
    return clock.monotonic() - settledSince >= SETTLED_MS;
  };

  return {
    run: async () => {
      await keys.maintain();
      if (!isSettled()) return;
      const nowMs = clock.now();
      await keys.purge();
      await sessions.purge(nowMs - KEEP_SESSIONS_MS, lifetimes.idleMs);
      await withStore(store, () => purgeChanges(store.db, toSeconds(nowMs) - KEEP_CHANGES_SECONDS));
      await withStore(store, () =>
        store.db.deleteFrom("breezeway_login_attempt").where("expires_at_ms", "<", nowMs).execute(),
      );
    },
  };
}

/** Runs the maintenance once a minute. A run that fails is repeated a minute later. */
export function startMaintenance(deps: MaintenanceDeps): { readonly stop: () => void } {
  const maintenance = createMaintenance(deps);
  const timer = setInterval(() => {
    maintenance.run().catch(() => undefined);
  }, INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
