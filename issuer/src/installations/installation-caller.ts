/**
 * Makes one call that an installation waits for: claims it in the store, calls the backend, stores the
 * outcome. While the store is away, the outcome waits: without it the backend would get the same call
 * again once the claim has ended.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BridgeError } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import type { StoreTime } from "../time.ts";
import type { BackendCall, BackendCallDeps } from "./backend-call.ts";
import type { CallFetch } from "./guarded-fetch.ts";
import type { InstallationChanger } from "./installation-changer.ts";
import {
  claimCall,
  settleCall,
  type CallOutcome,
  type ClaimedCall,
  type InstallationKey,
  type RetryTimes,
} from "./installation-machine.ts";
import { NO_STEPS, stepsOf } from "./lifecycle-steps.ts";
import type { LifecycleSigner } from "./lifecycle-token.ts";

export interface InstallationCallerDeps {
  readonly change: InstallationChanger;
  readonly apps: AppRegistry;
  readonly sign: LifecycleSigner;
  readonly call: (call: BackendCall, deps: BackendCallDeps) => Promise<CallOutcome>;
  readonly fetch: CallFetch;
  readonly timeoutMs: number;
  readonly times: RetryTimes;
  readonly storeTime: StoreTime;
  /** 0 to 1, spreads the retries. */
  readonly random: () => number;
  readonly onError: (error: unknown) => void;
}

/** Between two attempts to store an outcome. */
const STORE_RETRY_MS = 1_000;

/** Does nothing when the call is not due, or when another process has claimed it. */
export type InstallationCaller = (key: InstallationKey) => Promise<void>;

function isAway(error: unknown): boolean {
  return BridgeError.is(error) && error.code === "STORE_UNAVAILABLE";
}

/** @param signal Aborted when this process closes. */
export function createInstallationCaller(
  deps: InstallationCallerDeps,
  signal: AbortSignal,
): InstallationCaller {
  const { change, apps, times, storeTime } = deps;

  const claim = async (key: InstallationKey, nowMs: number): Promise<ClaimedCall | undefined> => {
    const leaseId = randomUUID();
    let call: ClaimedCall | undefined;
    await change(key, (current) => {
      const steps = stepsOf(apps.get(key.appId));
      const claimed = current && claimCall(current, steps, { nowMs, leaseId, times });
      call = claimed?.call;
      return claimed?.next ?? current;
    });
    return call;
  };

  const outcomeOf = async (call: ClaimedCall, leaseEndsAtMs: number): Promise<CallOutcome> => {
    const { appId, tenantId, id: installationId, event } = call;
    const lifecycle = apps.get(appId)?.lifecycle;
    const url = event === "connect" ? lifecycle?.connectUrl : lifecycle?.disconnectUrl;
    if (url === undefined) return { kind: "unavailable", reason: "app-unknown" };
    try {
      const signed = await deps.sign({ event, installationId, appId, tenantId });
      // A process that was suspended until here may have lost its claim.
      const isOver = (await storeTime()) + deps.timeoutMs >= leaseEndsAtMs;
      if (isOver || signal.aborted) return { kind: "interrupted" };
      const { fetch, timeoutMs } = deps;
      return await deps.call({ url, ...signed }, { fetch, timeoutMs, signal });
    } catch (error) {
      deps.onError(error);
      return { kind: "unavailable", reason: "unreachable" };
    }
  };

  const settle = async (call: ClaimedCall, outcome: CallOutcome): Promise<void> => {
    const { appId, tenantId } = call;
    const settled = { outcome, nowMs: await storeTime(), times, random: deps.random() };
    await change({ appId, tenantId }, (current) => {
      const steps = stepsOf(apps.get(appId)) ?? NO_STEPS;
      return (current && settleCall(current, call, { ...settled, steps })) ?? current;
    });
  };

  return async ({ appId, tenantId }) => {
    const nowMs = await storeTime();
    const claimedAtMs = performance.now();
    const call = await claim({ appId, tenantId }, nowMs);
    if (!call) return;
    const outcome = await outcomeOf(call, nowMs + times.leaseMs);
    for (;;) {
      try {
        await settle(call, outcome);
        return;
      } catch (error) {
        // Afterwards another process may make the call.
        const isClaimed = performance.now() - claimedAtMs < times.leaseMs && !signal.aborted;
        if (!isClaimed || !isAway(error)) throw error;
        deps.onError(error);
      }
      // Rejects when this process closes; the last attempt follows.
      await sleep(STORE_RETRY_MS, undefined, { ref: false, signal }).catch(() => undefined);
    }
  };
}
