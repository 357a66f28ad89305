import type { Clock } from "@breezeway/shared/channel";

/** So many at once, then so many a second; what comes sooner is refused. */
export interface Allowance {
  /** `false`: not now. */
  take(): boolean;
}

export function createAllowance(clock: Clock, burst: number, perSecond: number): Allowance {
  let left = burst;
  let filledAt = clock.monotonic();
  return {
    take() {
      const now = clock.monotonic();
      left = Math.min(burst, left + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
