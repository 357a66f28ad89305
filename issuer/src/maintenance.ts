/** Periodic work of an issuer: announces keys that are due, finishes revocations, and cleans up. */
import type { Clock } from "@breezeway/shared";
import { cleanUp } from "./clean-up/clean-up.ts";
import { claimCleanUp } from "./clean-up/clean-up-lease.ts";
import type { KeyRing } from "./keys/key-ring.ts";
import type { SessionLifetimes } from "./sessions/lifetime.ts";
import type { SessionEnding } from "./sessions/session-ending.ts";
import type { OpenStore } from "./store/store.ts";
import type { StoreTime } from "./time.ts";

export interface MaintenanceDeps {
  readonly store: OpenStore;
  readonly sessions: Pick<SessionEnding, "finishRevocations">;
  readonly keys: Pick<KeyRing, "maintain" | "tidy">;
  readonly lifetimes: SessionLifetimes;
  readonly clock: Clock;
  readonly storeTime: StoreTime;
  readonly onError: (error: unknown) => void;
}

export interface Maintenance {
  readonly stop: () => void;
}

const INTERVAL_MS = 60_000;
/** Soon, since a process may never live for long, but after the first requests were served. */
const FIRST_RUN_MS = 5_000;
/** Processes that started together run apart. */
const SPREAD_MS = 10_000;

/** Runs the maintenance once a minute. A run that fails is repeated a minute later. */
export function startMaintenance(deps: MaintenanceDeps): Maintenance {
  const { store, sessions, keys, storeTime, clock, onError } = deps;
  const closing = new AbortController();
  const { signal } = closing;
  let timer: unknown;

  const run = async (): Promise<void> => {
    await keys.maintain();
    const nowMs = await storeTime();
    const claim = await claimCleanUp(store, nowMs);
    if (!claim) return;
    await sessions.finishRevocations(nowMs);
    if (claim.mayDelete) await keys.tidy(nowMs);
    await cleanUp({ ...deps, signal }, { nowMs, ...claim });
  };

  const schedule = (waitMs: number): void => {
    timer = clock.setTimer(
      () => {
        void run()
          .catch((error: unknown) => {
            // A store that was closed during the run fails it.
            if (!signal.aborted) onError(error);
          })
          .then(() => {
            if (!signal.aborted) schedule(INTERVAL_MS);
          });
      },
      waitMs + Math.random() * SPREAD_MS,
    );
    keepNoProcessAlive(timer);
  };

  schedule(FIRST_RUN_MS);
  return {
    stop: () => {
      closing.abort();
      clock.clearTimer(timer);
    },
  };
}

function keepNoProcessAlive(timer: unknown): void {
  if (timer instanceof Object && "unref" in timer && typeof timer.unref === "function") {
    timer.unref();
  }
}
