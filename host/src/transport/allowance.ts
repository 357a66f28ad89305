import { BridgeError } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";

/** So many at once, then so many a second. Whoever shares one shares both. */
export interface Allowance {
  /** `false`: not now. */
  take(): boolean;
  /** After a `take` that did not succeed: how long until one may. */
  waitMs(): number;
}

// Times are fractions: after the full wait a hair may be missing.
const ONE = 1 - 1e-6;

export function createAllowance(clock: Clock, burst: number, perSecond: number): Allowance {
  let left = burst;
  let filledAt = clock.monotonic();

  const fill = (): void => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };

  return {
    take() {
      fill();
      if (left < ONE) return false;
      left -= 1;
      return true;
    },
    waitMs() {
      fill();
      return ((1 - left) / perSecond) * 1000;
    },
  };
}

/** One allowance for each app: its frames share it, and a reload does not refill it. */
export function perApp(
  clock: Clock,
  burst: number,
  perSecond: number,
): (app: RegisteredApp) => Allowance {
  const allowances = new Map<string, Allowance>();
  return ({ id }) => {
    const known = allowances.get(id) ?? createAllowance(clock, burst, perSecond);
    allowances.set(id, known);
    return known;
  };
}

/** @throws {BridgeError} CALL_LIMIT_EXCEEDED */
export function spend(allowance: Allowance, what: string): void {
  if (allowance.take()) return;
  throw new BridgeError("CALL_LIMIT_EXCEEDED", `Too many ${what} in a row.`);
}
