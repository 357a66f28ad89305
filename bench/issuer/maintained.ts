/**
 * An issuer whose maintenance runs when a bench says so. It also drives the issuer of an older checkout, which has
 * an interval and tells nobody when a run has ended: its last statement deletes sign-ins.
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Issuer, Store } from "@breezeway/issuer";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { systemClock } from "@breezeway/shared";

export interface Maintained {
  readonly issuer: Issuer;
  /** Runs the maintenance some time later, until it ends. */
  readonly maintain: () => Promise<void>;
}

/** The clean-up believes a clock that makes no longer steps, and that has run evenly for an hour. */
const STEP_MS = 3_000_000;
const STEPS_TO_SETTLE = 3;
const IS_OTHER = process.env["BREEZEWAY_CHECKOUT"] !== undefined;
const OLD_INTERVAL_MS = 60_000;
/** A run that may not delete yet has no last statement. */
const SETTLING_MS = 1_000;

export async function startMaintained(given: Store, apps: readonly object[]): Promise<Maintained> {
  const system = systemClock();
  let aheadMs = 0;
  let due: () => void = () => undefined;
  let ended: () => void = () => undefined;
  using _captured = captureInterval((callback) => (due = callback));
  const store = IS_OTHER ? observed(given, () => ended()) : given;
  const issuer = createIssuerForTesting(
    {
      issuer: "http://127.0.0.1:4000/auth",
      apps: apps as never,
      store,
      rateLimits: false,
      onError: () => undefined,
    },
    {
      clock: {
        now: () => system.now() + aheadMs,
        monotonic: () => system.monotonic() + aheadMs,
        setTimer: (callback) => {
          due = callback;
          ended();
          return undefined;
        },
        clearTimer: () => undefined,
      },
    },
  );
  await issuer.ready;
  const maintain = (): Promise<void> => {
    aheadMs += STEP_MS;
    return new Promise((resolve) => {
      ended = resolve;
      due();
    });
  };
  for (let step = 0; step < STEPS_TO_SETTLE; step += 1) {
    await Promise.race([maintain(), sleep(SETTLING_MS)]);
  }
  return { issuer, maintain };
}

interface QueryPlugin {
  readonly transformQuery: (query: {
    readonly node: QueryNode;
    readonly queryId: object;
  }) => object;
  readonly transformResult: (done: {
    readonly queryId: object;
    readonly result: object;
  }) => Promise<object>;
}

interface QueryNode {
  readonly kind: string;
}

/** Keeps the callback of the old maintenance instead of calling it each minute. */
function captureInterval(onCallback: (callback: () => void) => void): Disposable {
  const original = globalThis.setInterval;
  const replacement = (callback: () => void, ms?: number): NodeJS.Timeout => {
    if (ms !== OLD_INTERVAL_MS) return original(callback, ms);
    onCallback(callback);
    return original(() => undefined, ms);
  };
  globalThis.setInterval = replacement as typeof setInterval;
  return {
    [Symbol.dispose]: () => {
      globalThis.setInterval = original;
    },
  };
}

/** Tells of the last statement of an old run. */
function observed(store: Store, onLastStatement: () => void): Store {
  const last = new WeakSet<object>();
  const plugin: QueryPlugin = {
    transformQuery: ({ node, queryId }) => {
      const isLast =
        node.kind === "DeleteQueryNode" && JSON.stringify(node).includes("breezeway_login_attempt");
      if (isLast) last.add(queryId);
      return node;
    },
    transformResult: ({ queryId, result }) => {
      if (last.has(queryId)) setImmediate(onLastStatement);
      return Promise.resolve(result);
    },
  };
  return {
    ...store,
    open: async () => {
      const open = await store.open();
      const db = open.db as unknown as { withPlugin: (plugin: QueryPlugin) => typeof open.db };
      return { ...open, db: db.withPlugin(plugin) };
    },
  };
}
