/**
 * Bounds how often a guest can make the host begin something of which only the latest counts: a few
 * at once, then so many a second. What comes too soon waits and gives way to what comes after it, so
 * that a flood costs little and whoever speaks last is heard.
 */
import type { Clock } from "@breezeway/shared/channel";
import type { Allowance } from "./allowance.ts";

export interface Pace {
  /** Runs the task now, or when its time has come if no other was given meanwhile. */
  run(task: () => void): void;
  close(): void;
}

export function createPace(clock: Clock, allowance: Allowance): Pace {
  let waiting: (() => void) | undefined;
  let timer: unknown;

  const runLater = (): void => {
    timer = clock.setTimer(runWaiting, allowance.waitMs());
  };

  const runWaiting = (): void => {
    // Somebody else who shares the allowance may have taken it.
    if (!allowance.take()) return runLater();
    const task = waiting;
    waiting = undefined;
    task?.();
  };

  return {
    run(task) {
      if (waiting === undefined && allowance.take()) return task();
      if (waiting === undefined) runLater();
      waiting = task;
    },
    close: () => clock.clearTimer(timer),
  };
}
