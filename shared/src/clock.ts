/** Time, as everything here reads it and waits for it. Tests pass a clock that they move by hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since a fixed moment. Never goes back when the wall clock is set. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds. Returns a handle for {@link Clock.clearTimer}. */
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

/**
 * The clock of the runtime. Its functions are looked up once, in this call, so a page that replaces
 * its timers later (a test library, a hostile script) does not stop ours.
 */
export function systemClock(): Clock {
  const { setTimeout: set, clearTimeout: clear, Date: RealDate, performance: watch } = globalThis;
  return {
    now: () => RealDate.now(),
    monotonic: () => watch.now(),
    setTimer: (callback, ms) => set(callback, ms),
    clearTimer: (timer) => clear(timer),
  };
}
