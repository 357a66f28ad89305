/** When which fault was in force, and what that excuses. Times are those of `performance.now()`. */
import type { Excuse } from "../faults/fault.ts";

interface Entry {
  readonly excuse: Excuse;
  readonly startedAtMs: number;
  endedAtMs: number;
  /** From then on it excuses nothing. */
  recoveredByMs: number;
}

/** The time between a request and its answer. */
export interface Span {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface FaultLogOptions {
  readonly now: () => number;
  /** Everything has recovered so long after a fault. */
  readonly healthyWithinMs: number;
  /** Every part knows of a revocation so long after it. */
  readonly revokedWithinMs: number;
}

export interface FaultLog {
  /** Returns the function that records the end. */
  begin(excuse: Excuse): () => void;
  /** Everything has reported that it is healthy: the faults that have ended excuse nothing any more. */
  recovered(): void;
  /** Whether a fault that was in force during the span, or shortly before, excuses this. */
  excuses(span: Span, isExcused: (excuse: Excuse) => boolean): boolean;
  /** When the part must know of what was acknowledged at `sinceMs`. */
  knownBy(part: string, sinceMs: number): number;
}

export function createFaultLog(options: FaultLogOptions): FaultLog {
  const { now, healthyWithinMs, revokedWithinMs } = options;
  const entries: Entry[] = [];
  return {
    begin(excuse) {
      const never = Number.POSITIVE_INFINITY;
      const entry: Entry = { excuse, startedAtMs: now(), endedAtMs: never, recoveredByMs: never };
      entries.push(entry);
      return () => {
        entry.endedAtMs = now();
        entry.recoveredByMs = entry.endedAtMs + healthyWithinMs;
      };
    },
    recovered() {
      for (const entry of entries) {
        if (entry.endedAtMs < now()) entry.recoveredByMs = Math.min(entry.recoveredByMs, now());
      }
    },
    excuses: ({ sentAtMs, answeredAtMs }, isExcused) =>
      entries.some(
        ({ excuse, startedAtMs, recoveredByMs }) =>
          startedAtMs <= answeredAtMs && sentAtMs <= recoveredByMs && isExcused(excuse),
      ),
    knownBy(part, sinceMs) {
      let knownByMs = sinceMs + revokedWithinMs;
      for (const { excuse, startedAtMs, endedAtMs } of entries) {
        // A part that was cut off later knew already.
        if (!excuse.severed.includes(part) || startedAtMs > knownByMs || endedAtMs < sinceMs)
          continue;
        knownByMs = Math.max(knownByMs, endedAtMs + revokedWithinMs);
      }
      return knownByMs;
    },
  };
}
