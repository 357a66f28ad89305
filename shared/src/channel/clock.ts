/** Time as the channel and the token managers see it, so that tests can hold it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since any fixed moment; never goes back when the wall clock is set. */
  monotonic(): number;
  /** Calls `callback` once after `ms`; returns a handle for {@link Clock.clearTimer}. */
  setTimer(callback: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

/**
 * The runtime's own clock. The functions are looked up once, when this is called, so that a page
 * that replaces its timers later (a test library, a hostile script) does not stop ours.
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
