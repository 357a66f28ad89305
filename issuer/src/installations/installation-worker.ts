/**
 * Makes the calls that installations wait for, including those that another process left behind.
 *
 * Invariants:
 * - a call is claimed in the store before it is made, so no two processes make it at once;
 * - a call times out well before its claim ends, so none continues after its claim;
 * - one app's backend, however slow, uses no more than its share of the concurrent calls.
 */
import { createInstallationCaller, type InstallationCallerDeps } from "./installation-caller.ts";
import type { InstallationKey, InstallationRecord } from "./installation-machine.ts";
import type { InstallationStore } from "./installation-store.ts";

export interface InstallationWorker {
  /** A call may be due. Returns at once. */
  readonly wake: () => void;
  /** Resolves when no call is due or running any more. */
  readonly idle: () => Promise<void>;
  /** Interrupts the running calls. Another process takes them up. */
  readonly close: () => Promise<void>;
}

export interface InstallationWorkerDeps extends InstallationCallerDeps {
  readonly store: InstallationStore;
}

/** Concurrent calls of this process. */
export const MAX_CALLS = 16;
export const MAX_CALLS_PER_APP = 4;
/** However late the next call is due, since the clock may be set. */
const MAX_WAIT_MS = 30_000;
/** After the store failed. */
const STORE_RETRY_MS = 1_000;

interface RunningCall {
  readonly appId: string;
  readonly done: Promise<void>;
}

export function createInstallationWorker(deps: InstallationWorkerDeps): InstallationWorker {
  const { store, storeTime, onError } = deps;
  const closing = new AbortController();
  const call = createInstallationCaller(deps, closing.signal);
  const running = new Map<string, RunningCall>();
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  const wakeAfter = (wake: () => void, waitMs: number): void => {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    timer = setTimeout(wake, Math.min(waitMs, MAX_WAIT_MS));
    timer.unref();
  };

  const start = (wake: () => void, record: InstallationRecord): void => {
    const key = keyOf(record);
    const done = call(record).then(
      () => {
        running.delete(key);
        wake();
      },
      (error: unknown) => {
        running.delete(key);
        onError(error);
        wakeAfter(wake, STORE_RETRY_MS);
      },
    );
    running.set(key, { appId: record.appId, done });
  };

  const look = async (wake: () => void): Promise<void> => {
    try {
      lookAgain = false;
      const nowMs = await storeTime();
      const startable = await listStartable(store, running, nowMs);
      if (closing.signal.aborted) return;
      for (const record of startable) start(wake, record);
      // A call that is due but exceeds the bounds starts when a running call ends and wakes us.
      const dueAtMs = await store.nextDueAtMs(nowMs);
      if (dueAtMs !== undefined) wakeAfter(wake, Math.max(1, dueAtMs - nowMs));
    } catch (error) {
      onError(error);
      wakeAfter(wake, STORE_RETRY_MS);
    }
  };

  const wake = (): void => {
    if (closing.signal.aborted) return;
    clearTimeout(timer);
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = look(wake).finally(() => {
      looking = undefined;
      if (lookAgain) wake();
    });
  };

  const idle = async (): Promise<void> => {
    while (looking || running.size > 0) {
      await looking;
      await Promise.all([...running.values()].map(({ done }) => done));
    }
  };

  return {
    wake,
    idle,
    close: async () => {
      closing.abort();
      clearTimeout(timer);
      await idle();
    },
  };
}

/** The due calls that the bounds allow to start now. */
async function listStartable(
  store: InstallationStore,
  running: ReadonlyMap<string, RunningCall>,
  nowMs: number,
): Promise<readonly InstallationRecord[]> {
  const startable: InstallationRecord[] = [];
  const counts = new Map<string, number>();
  const count = ({ appId }: { readonly appId: string }): void => {
    counts.set(appId, (counts.get(appId) ?? 0) + 1);
  };
  const isBusy = (appId: string): boolean => (counts.get(appId) ?? 0) >= MAX_CALLS_PER_APP;
  for (const call of running.values()) count(call);
  // A page full of one app's installations must not hide other apps, so busy apps are left out of
  // the next query.
  for (let withoutApps: string[] = [...counts.keys()].filter(isBusy); ;) {
    const due = await store.listDue(nowMs, { limit: MAX_CALLS, withoutApps });
    for (const record of due) {
      if (running.size + startable.length >= MAX_CALLS) return startable;
      if (running.has(keyOf(record)) || isBusy(record.appId)) continue;
      count(record);
      startable.push(record);
    }
    const busy = [...counts.keys()].filter(isBusy);
    if (due.length < MAX_CALLS || busy.length === withoutApps.length) return startable;
    withoutApps = busy;
  }
}

function keyOf({ appId, tenantId }: InstallationKey): string {
  return `${appId} ${tenantId}`;
}
