import { systemClock, type Clock } from "@breezeway/shared";

/** A clock whose time the test chooses. Its timers are those of the runtime. */
export function clockAt(nowMs: () => number): Clock {
  return { ...systemClock(), now: nowMs };
}
