/** What a process uses. */
import { readdirSync } from "node:fs";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Usage {
  /** In use after a collection. */
  readonly heapMb: number;
  readonly rssMb: number;
  /** Sockets, timers, and everything else that keeps the process alive. */
  readonly handles: number;
  /** Open file descriptors; 0 where the system does not list them. */
  readonly descriptors: number;
}

const MEGABYTE = 1_048_576;

export function usageOf(): Usage {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapMb: heapUsed / MEGABYTE,
    rssMb: rss / MEGABYTE,
    handles: process.getActiveResourcesInfo().length,
    descriptors: descriptors(),
  };
}

function descriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
