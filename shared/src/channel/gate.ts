/**
 * Decides whether a message of a guest is taken. Everything is counted before anything is acted on,
 * and a message is taken whole or refused whole.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";
import { parseMessage, type Frame } from "../protocol/frames.ts";
import type { Clock } from "../clock.ts";
import { measure } from "./measure.ts";

/**
 * @returns a function that gives a message's frames
 * @throws {BridgeError} (the returned function) FRAME_TOO_LARGE, FRAME_RATE_EXCEEDED, FRAME_MALFORMED
 */
export function createGate(
  limits: ChannelLimits,
  clock: Clock,
): (data: unknown) => readonly Frame[] {
  // A token bucket: `frameBurst` deep, filled by `maxFramesPerSecond`.
  let allowance = limits.frameBurst;
  let filledAt = clock.monotonic();

  return (data) => {
    const now = clock.monotonic();
    const refill = ((now - filledAt) / 1000) * limits.maxFramesPerSecond;
    allowance = Math.min(limits.frameBurst, allowance + Math.max(0, refill));
    filledAt = now;
    const cost = Array.isArray(data) ? data.length : 1;
    if (cost > allowance) {
      throw new BridgeError(
        "FRAME_RATE_EXCEEDED",
        `More than ${limits.maxFramesPerSecond} frames per second.`,
      );
    }
    allowance -= cost;
    measure(data, limits);
    return parseMessage(data, limits.maxFramesPerMessage);
  };
}
