/**
 * How long other work of a process waits: the longest turn of its event loop.
 *
 * The time that passes includes the turns of other programs on the machine, so it is an upper bound. The processor
 * time of this thread alone is a lower one: it lacks the waits for a disk. On an idle machine the two are close.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";

export interface Turns {
  /** The longest turn in time that passed, in milliseconds. */
  readonly stallMs: number;
  /** The largest processor time of a turn, in milliseconds. */
  readonly turnCpuMs: number;
}

export interface TurnWatch {
  /** The longest turns since the last call, or since the start. */
  readonly read: () => Turns;
  readonly stop: () => void;
}

const RESOLUTION_MS = 1;

export function watchTurns(): TurnWatch {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let before = process.threadCpuUsage();
  let turnCpuMs = 0;
  const check = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    turnCpuMs = Math.max(turnCpuMs, (user + system) / 1_000);
  };
  // A timer is due in each turn that is longer than its resolution.
  const timer = setInterval(check, RESOLUTION_MS);
  timer.unref();
  delay.enable();
  return {
    read: () => {
      check();
      const turns = { stallMs: Math.max(0, delay.max / 1e6), turnCpuMs };
      delay.reset();
      turnCpuMs = 0;
      return turns;
    },
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}

/**
 * The part of a work's processor time that its longest turn of the event loop took, 0 to 1. It depends neither on the
 * speed of the machine nor on other programs. A work in one piece has 1.
 */
export async function longestTurnOf(work: () => Promise<unknown>): Promise<number> {
  const turns = watchTurns();
  await nextTurn();
  turns.read();
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  const { turnCpuMs } = turns.read();
  turns.stop();
  return turnCpuMs / ((user + system) / 1_000);
}
