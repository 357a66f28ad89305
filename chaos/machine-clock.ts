/**
 * Time as the machine gave it to the parts of the platform: it stands still while one of them waits for a
 * processor. Bounds in this time are strict on an idle machine, and no machine that is busy with something
 * else breaks them. A part that computes for too long, or waits for anything but a processor, gets no such
 * time.
 */
import { readFileSync } from "node:fs";

/** Reading the waits of all parts costs about 0.2 ms. */
const SAMPLE_EVERY_MS = 20;
const NANOSECONDS = 1_000_000;

export interface MachineClockDeps {
  readonly monotonic: () => number;
  /** The processes that are watched at this moment. */
  readonly pids: () => readonly number[];
  /**
   * How long the process has waited for a processor since its start, in milliseconds; `undefined` for
   * one that has ended.
   */
  readonly waitedMs?: (pid: number) => number | undefined;
}

export interface MachineClock {
  /** Milliseconds since the clock was made. Never goes back. */
  readonly now: () => number;
}

export function createMachineClock(deps: MachineClockDeps): MachineClock {
  const { monotonic, pids, waitedMs = waitOfProcess } = deps;
  const read = (): Map<number, number> => {
    const waits = new Map<number, number>();
    for (const pid of pids()) {
      const totalMs = waitedMs(pid);
      if (totalMs !== undefined) waits.set(pid, totalMs);
    }
    return waits;
  };
  let before = read();
  let sampledAtMs = monotonic();
  let nowMs = 0;

  function sample(): void {
    const atMs = monotonic();
    const passedMs = atMs - sampledAtMs;
    if (passedMs < SAMPLE_EVERY_MS) return;
    const waits = read();
    const added = [...waits].map(([pid, totalMs]) => totalMs - (before.get(pid) ?? 0));
    // The waits of several processes at once are one wait: the one of the last of them.
    nowMs += Math.max(0, passedMs - Math.max(0, ...added));
    sampledAtMs = atMs;
    before = waits;
  }
  return {
    now: () => {
      sample();
      return nowMs;
    },
  };
}

/** Linux counts it for the main thread (`/proc/PID/schedstat`); elsewhere the clock is a plain one. */
function waitOfProcess(pid: number): number | undefined {
  try {
    const [, waited] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return Number(waited) / NANOSECONDS;
  } catch {
    return undefined;
  }
}
