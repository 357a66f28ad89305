/**
 * Bounds how often a guest can make the host do something of which only the latest counts. A task that
 * comes too early waits for a token of the bucket, and is replaced by a later task. So a flood costs
 * little, and the last task always runs.
 */
import { HANDSHAKE_LIMITS } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

export interface Throttle {
  /** Runs the task now, or once the bucket has a token, unless a later task replaces it. */
  run(task: () => void): void;
  /** Drops the waiting task. */
  close(): void;
}

export function createThrottle(clock: Clock, bucket: TokenBucket): Throttle {
  let waiting: (() => void) | undefined;
  let timer: unknown;

  const runWaiting = (): void => {
    if (bucket.take()) {
      const task = waiting;
      waiting = undefined;
      task?.();
    } else {
      // Another throttle with the same bucket has taken the token.
      timer = clock.setTimer(runWaiting, bucket.waitMs());
    }
  };

  return {
    run(task) {
      if (waiting === undefined && bucket.take()) return task();
      if (waiting === undefined) timer = clock.setTimer(runWaiting, bucket.waitMs());
      waiting = task;
    },
    close: () => clock.clearTimer(timer),
  };
}

/** For hellos: bounds how many handshakes a guest can begin. The latest is always answered. */
export function createHandshakeThrottle(clock: Clock): Throttle {
  const { attemptBurst: burst, attemptsPerSecond: perSecond } = HANDSHAKE_LIMITS;
  return createThrottle(clock, createTokenBucket(clock, { burst, perSecond }));
}
