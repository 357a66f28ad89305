/**
 * Bounds how often a guest can make the host begin something of which only the latest counts: a few
 * at once, then so many a second. What comes too soon waits and gives way to what comes after it, so
 * that a flood costs little and whoever speaks last is heard.
 */
import type { Clock } from "@breezeway/shared/channel";

export interface PaceOptions {
  readonly clock: Clock;
  readonly burst: number;
  readonly perSecond: number;
}

export interface Pace {
  /** Runs the task now, or when its time has come if no other was given meanwhile. */
  run(task: () => void): void;
  close(): void;
}

export function createPace({ clock, burst, perSecond }: PaceOptions): Pace {
  let allowance = burst;
  let filledAt = clock.monotonic();
  let waiting: (() => void) | undefined;
  let timer: unknown;

  const fill = (): void => {
    const now = clock.monotonic();
    allowance = Math.min(burst, allowance + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };

  const runWaiting = (): void => {
    const task = waiting;
    waiting = undefined;
    fill();
    allowance -= 1;
    task?.();
  };

  return {
    run(task) {
      fill();
      if (waiting === undefined && allowance >= 1) {
        allowance -= 1;
        return task();
      }
      if (waiting === undefined) {
        timer = clock.setTimer(runWaiting, ((1 - allowance) / perSecond) * 1000);
      }
      waiting = task;
    },
    close: () => clock.clearTimer(timer),
  };
}
