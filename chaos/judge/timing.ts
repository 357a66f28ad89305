/** The times of an exchange, in machine time, and the time that its parts waited for a processor. */
import type { Span } from "./fault-log.ts";

export interface Timing extends Span {
  /** For how long a part waited for a processor. */
  readonly starvedMs: number;
}

/** @returns the function that ends the measurement */
export function startTiming(now: () => number): () => Timing {
  const sentAtMs = now();
  const startedAtMs = performance.now();
  return () => {
    const answeredAtMs = now();
    const starvedMs = performance.now() - startedAtMs - (answeredAtMs - sentAtMs);
    return { sentAtMs, answeredAtMs, starvedMs };
  };
}
