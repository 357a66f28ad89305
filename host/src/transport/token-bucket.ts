import { BridgeError, type RateBudget } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared/channel";

/** `burst` tokens at once, refilled at `perSecond`. All holders of one bucket share its budget. */
export interface TokenBucket {
  /** Takes one token. `false` when the bucket is empty. */
  take(): boolean;
  /** Milliseconds until the next token, after a `take` that returned `false`. */
  waitMs(): number;
}

// Tolerates floating-point rounding after an exact wait.
const ONE_TOKEN = 1 - 1e-6;

export function createTokenBucket(clock: Clock, { burst, perSecond }: RateBudget): TokenBucket {
  let left = burst;
  let filledAt = clock.monotonic();

  const fill = (): void => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };

  return {
    take() {
      fill();
      if (left < ONE_TOKEN) return false;
      left -= 1;
      return true;
    },
    waitMs() {
      fill();
      return ((1 - left) / perSecond) * 1000;
    },
  };
}

/** One bucket for each app. Its frames share the bucket, and a reload does not refill it. */
export function bucketPerApp(
  clock: Clock,
  budget: RateBudget,
): (app: Pick<RegisteredApp, "id">) => TokenBucket {
  const buckets = new Map<string, TokenBucket>();
  return ({ id }) => {
    const bucket = buckets.get(id) ?? createTokenBucket(clock, budget);
    buckets.set(id, bucket);
    return bucket;
  };
}

/** @throws {BridgeError} CALL_LIMIT_EXCEEDED, when the bucket is empty */
export function spend(bucket: TokenBucket, what: string): void {
  if (bucket.take()) return;
  throw new BridgeError("CALL_LIMIT_EXCEEDED", `Too many ${what} in a row. Try again later.`);
}
