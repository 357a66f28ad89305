/** Repeats background work until it succeeds or is aborted. */
import { setTimeout as sleep } from "node:timers/promises";

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 10_000;

/** Never rejects. An outage shows in the health endpoint and in responses that need the result. */
export async function untilDone(work: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
    try {
      await work();
      return;
    } catch {
      await sleep(waitMs, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }
}
