/**
 * A clock that stands still until a test moves it. It does not use the runtime's timers, so it also
 * works where a test library has replaced them.
 */
import type { Clock } from "../clock.ts";

export interface TestClock extends Clock {
  /**
   * Moves time forward. Due timers fire one after another, and all effects of one timer (promises,
   * messages) happen before the next one fires.
   */
  advance(ms: number): Promise<void>;
  /**
   * Moves time forward as on a device that was asleep: due timers fire late, at the next
   * {@link TestClock.advance}.
   */
  sleep(ms: number): void;
  /** Number of timers that are set. At the end of a test it should be 0. */
  readonly timers: number;
}

export interface TestClockOptions {
  /** Start time in epoch milliseconds. Default: now. */
  readonly nowMs?: number;
  /** Waits until pending effects have happened. Default: one turn of the event loop. */
  readonly settle?: () => Promise<void>;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

export function createTestClock(options: TestClockOptions = {}): TestClock {
  const settle = options.settle ?? nextTask;
  const timers = new Set<Timer>();
  const startedAt = options.nowMs ?? Date.now();
  let elapsedMs = 0;

  const nextDue = (until: number): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt <= until && timer.dueAt < (first?.dueAt ?? Infinity)) first = timer;
    }
    return first;
  };

  return {
    now: () => startedAt + elapsedMs,
    monotonic: () => elapsedMs,
    setTimer(callback, ms) {
      const timer = { dueAt: elapsedMs + Math.max(0, ms), callback };
      timers.add(timer);
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer as Timer),
    get timers() {
      return timers.size;
    },
    async advance(ms) {
      const until = elapsedMs + ms;
      await settle();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer);
        elapsedMs = Math.max(elapsedMs, timer.dueAt);
        timer.callback();
        await settle();
      }
      elapsedMs = until;
    },
    sleep(ms) {
      elapsedMs += ms;
    },
  };
}

/** Resolves in a later task, after the reactions of all promises that are settled now. */
export function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener("message", () => {
      port1.close();
      port2.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined, []);
  });
}
