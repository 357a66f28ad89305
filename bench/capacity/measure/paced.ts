/**
 * Starts operations at random times, so many per second on average, as independent users do.
 *
 * A server that always has the next request costs less per request: it handles several in one turn of its event loop,
 * and its caches stay warm. No process should be so busy, so units are measured at the rates of planned processes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { randomFrom } from "@breezeway/test-support/random";

/** Operations per second of a process that uses about half of its core. */
export const RATES = {
  requests: 300,
  refreshes: 50,
  signIns: 50,
  streams: 100,
  changes: 20,
} as const;

const SEED = 1;

/** @returns the results, in the order of the numbers */
export async function paced<T>(
  count: number,
  perSecond: number,
  start: (n: number) => Promise<T>,
): Promise<readonly T[]> {
  const random = randomFrom(SEED);
  const startedAt = performance.now();
  const started: Promise<T>[] = [];
  let dueMs = 0;
  for (let n = 0; n < count; n += 1) {
    dueMs -= (Math.log(1 - random()) * 1_000) / perSecond;
    const earlyMs = dueMs - (performance.now() - startedAt);
    if (earlyMs > 1) await sleep(earlyMs);
    const operation = start(n);
    // The caller learns of a failure when all have been started.
    operation.catch(() => undefined);
    started.push(operation);
  }
  return Promise.all(started);
}
