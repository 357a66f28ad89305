/**
 * Makes the calls that installations wait for, those that another process left undone too.
 *
 * Invariants:
 * - a call is claimed in the store before it is made, so that no two processes make it at once;
 * - each call is given up long before its claim ends, so none is under way beyond it;
 * - one app's backend, however slow, takes up no more than its share of the calls under way.
 */
import { randomUUID } from "node:crypto";
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { StoreTime } from "../time.ts";
import {
  claimCall,
  settleCall,
  type CallOutcome,
  type ClaimedCall,
  type InstallationKey,
  type InstallationRecord,
  type RetryTimes,
} from "./installation-machine.ts";
import type { BackendCall, BackendCallOptions } from "./backend-call.ts";
import type { InstallationChanger } from "./installation-changer.ts";
import type { InstallationStore } from "./installation-store.ts";
import type { CallFetch } from "./guarded-fetch.ts";
import { NO_STEPS, stepsOf } from "./lifecycle-steps.ts";
import type { LifecycleSigner } from "./lifecycle-token.ts";

export interface InstallationWorker {
  /** Something may be due. Returns at once. */
  wake(): void;
  /** Settles when nothing is due, or under way, any more. */
  idle(): Promise<void>;
  /** Gives up what is under way, for another process to take up. */
  close(): Promise<void>;
}

export interface InstallationWorkerDeps {
  readonly store: InstallationStore;
  readonly change: InstallationChanger;
  readonly apps: AppRegistry;
  readonly sign: LifecycleSigner;
  readonly call: (call: BackendCall, options: BackendCallOptions) => Promise<CallOutcome>;
  readonly fetch: CallFetch;
  readonly timeoutMs: number;
  readonly times: RetryTimes;
  readonly storeTime: StoreTime;
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

export const MAX_CALLS = 16;
export const MAX_CALLS_PER_APP = 4;
/** However far the next call is: the clock may be set. */
const MAX_WAIT_MS = 30_000;
/** After the store failed. */
const STORE_RETRY_MS = 1_000;

export function createInstallationWorker(deps: InstallationWorkerDeps): InstallationWorker {
  const { store, change, apps, storeTime, times } = deps;
  const closing = new AbortController();
  const running = new Map<string, { readonly appId: string; readonly done: Promise<void> }>();
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    if (closing.signal.aborted) return;
    clearTimeout(timer);
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = look().finally(() => {
      looking = undefined;
      if (lookAgain) wake();
    });
  }

  async function look(): Promise<void> {
    try {
      lookAgain = false;
      const nowMs = await storeTime();
      const startable = await listStartable(nowMs);
      if (closing.signal.aborted) return;
      for (const record of startable) start(record);
      // What is due and cannot begin waits for what is under way, which wakes us when it is done.
      const dueAtMs = await store.nextDueAtMs(nowMs);
      if (dueAtMs !== undefined) wakeAfter(Math.max(1, dueAtMs - nowMs));
    } catch (error) {
      deps.onError(error);
      wakeAfter(STORE_RETRY_MS);
    }
  }

  function wakeAfter(waitMs: number): void {
    clearTimeout(timer);
    if (closing.signal.aborted) return;
    timer = setTimeout(wake, Math.min(waitMs, MAX_WAIT_MS));
    timer.unref();
  }

  async function listStartable(nowMs: number): Promise<InstallationRecord[]> {
    const startable: InstallationRecord[] = [];
    const counts = new Map<string, number>();
    const count = ({ appId }: { readonly appId: string }): void => {
      counts.set(appId, (counts.get(appId) ?? 0) + 1);
    };
    const isBusy = (appId: string): boolean => (counts.get(appId) ?? 0) >= MAX_CALLS_PER_APP;
    for (const call of running.values()) count(call);
    // A page full of one app's installations must not hide those of another: ask without it.
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

  function start(record: InstallationRecord): void {
    const key = keyOf(record);
    const done = work(record).then(
      () => {
        running.delete(key);
        wake();
      },
      (error: unknown) => {
        running.delete(key);
        deps.onError(error);
        wakeAfter(STORE_RETRY_MS);
      },
    );
    running.set(key, { appId: record.appId, done });
  }

  async function work({ appId, tenantId }: InstallationKey): Promise<void> {
    const key = { appId, tenantId };
    const nowMs = await storeTime();
    const leaseId = randomUUID();
    let call: ClaimedCall | undefined;
    await change(key, (current) => {
      const steps = stepsOf(apps.get(appId));
      const claimed = current && claimCall(current, steps, { nowMs, leaseId, times });
      call = claimed?.call;
      return claimed?.next ?? current;
    });
    if (!call) return;
    const claimed = call;
    const outcome = await outcomeOf(claimed, nowMs + times.leaseMs);
    const settled = { outcome, nowMs: await storeTime(), times, random: deps.random() };
    await change(key, (current) => {
      const steps = stepsOf(apps.get(appId)) ?? NO_STEPS;
      return (current && settleCall(current, claimed, { ...settled, steps })) ?? current;
    });
  }

  async function outcomeOf(call: ClaimedCall, leaseEndsAtMs: number): Promise<CallOutcome> {
    const { appId, tenantId, id: installationId, event } = call;
    const lifecycle = apps.get(appId)?.lifecycle;
    const url = event === "connect" ? lifecycle?.connectUrl : lifecycle?.disconnectUrl;
    if (url === undefined) return { kind: "unavailable", reason: "app-unknown" };
    try {
      const signed = await deps.sign({ event, installationId, appId, tenantId });
      // A process that was stopped on the way here has no claim any more.
      const isOver = (await storeTime()) + deps.timeoutMs >= leaseEndsAtMs;
      if (isOver || closing.signal.aborted) return { kind: "interrupted" };
      const { fetch, timeoutMs } = deps;
      return await deps.call({ url, ...signed }, { fetch, timeoutMs, signal: closing.signal });
    } catch (error) {
      deps.onError(error);
      return { kind: "unavailable", reason: "unreachable" };
    }
  }

  async function idle(): Promise<void> {
    while (looking || running.size > 0) {
      await looking;
      await Promise.all([...running.values()].map(({ done }) => done));
    }
  }

  return {
    wake,
    idle,
    async close() {
      closing.abort();
      clearTimeout(timer);
      await idle();
    },
  };
}

function keyOf({ appId, tenantId }: InstallationKey): string {
  return `${appId} ${tenantId}`;
}
