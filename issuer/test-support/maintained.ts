/** Issuers whose maintenance runs when the test says so. */
import type { Clock } from "@breezeway/shared";
import type { Issuer, Store } from "../src/index.ts";
import type { SessionOptions } from "../src/options.ts";
import { exceptClockJumps, testIssuer, type TestClock } from "./test-issuer.ts";

export interface MaintainedIssuer {
  readonly issuer: Issuer;
  /** Runs the maintenance that is due next, and waits for its end. */
  readonly maintain: () => Promise<void>;
}

/** @param clock Shared by all processes on the store. */
export async function maintainedIssuer(
  store: Store,
  clock: TestClock,
  sessions: SessionOptions = {},
): Promise<MaintainedIssuer> {
  let due: (() => void) | undefined;
  let ended: (() => void) | undefined;
  const timers: Pick<Clock, "setTimer" | "clearTimer"> = {
    setTimer: (callback) => {
      due = callback;
      ended?.();
      return undefined;
    },
    clearTimer: () => undefined,
  };
  const own: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    ...timers,
  };
  const failures: unknown[] = [];
  const issuer = testIssuer({
    store,
    clock: own,
    sessions,
    onError: exceptClockJumps((error) => failures.push(error)),
  });
  await issuer.ready;
  return {
    issuer,
    maintain: async () => {
      await new Promise<void>((resolve) => {
        ended = resolve;
        due?.();
      });
      if (failures.length > 0) throw failures[0];
    },
  };
}
