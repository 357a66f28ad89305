/**
 * Calls a store that may be down or hang: with a time limit, and after several failures in a row only
 * once per second, so that requests do not wait for it one after the other.
 */
import { BridgeError } from "@breezeway/shared";
import { Circuit } from "../upstream/circuit.ts";

export interface StoreGuard {
  /** The store's answer; `undefined` when it failed or is not called at the moment. Never rejects. */
  attempt<T>(ask: () => Promise<T>): Promise<T | undefined>;
  /** False while the store is called only once per second. */
  readonly isUp: boolean;
}

export interface StoreGuardDeps {
  readonly timeoutMs: number;
  readonly onFailed: (error: unknown) => void;
  /** Called for each failure after several in a row. */
  readonly onDown?: (failure: StoreFailureInfo) => void;
}

export interface StoreFailureInfo {
  /** When the call began, by `performance.now()`. */
  readonly askedAtMs: number;
  /** The store gave no answer in time. Otherwise the call failed. */
  readonly isSilent: boolean;
}

const FAILURES = 3;
const RETRY_MS = 1_000;

async function within<T>(timeoutMs: number, ask: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(new BridgeError("STORE_UNAVAILABLE", "The rate-limit store does not answer.")),
    timeoutMs,
  );
  try {
    return await Promise.race([ask(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether {@link within} gave up. */
function isSilence(error: unknown): boolean {
  return BridgeError.is(error) && error.code === "STORE_UNAVAILABLE";
}

export function createStoreGuard(deps: StoreGuardDeps): StoreGuard {
  const { timeoutMs, onFailed, onDown } = deps;
  const circuit = new Circuit({ failures: FAILURES, openMs: RETRY_MS });
  return {
    get isUp() {
      return !circuit.isOpen;
    },
    attempt: async (ask) => {
      const askedAtMs = performance.now();
      if (!circuit.admits(askedAtMs)) return undefined;
      try {
        const answer = await within(timeoutMs, ask);
        circuit.succeeded();
        return answer;
      } catch (error) {
        circuit.failed(performance.now());
        onFailed(error);
        if (circuit.isOpen) onDown?.({ askedAtMs, isSilent: isSilence(error) });
        return undefined;
      }
    },
  };
}
