/**
 * Decides whether a message of a guest is accepted. Limits are checked before any frame is handled,
 * and a message is accepted whole or refused whole.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";
import { parseMessage, type Frame } from "../protocol/frames.ts";
import type { Clock } from "../clock.ts";
import { measure } from "./measure.ts";

/**
 * @returns A function that returns the frames of a message. It throws FRAME_TOO_LARGE,
 * FRAME_RATE_EXCEEDED or FRAME_MALFORMED.
 */
export function createGate(
  limits: ChannelLimits,
  clock: Clock,
): (data: unknown) => readonly Frame[] {
  // A token bucket: `frameBurst` frames at once, refilled at `maxFramesPerSecond`.
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
        `The guest sent more than ${limits.maxFramesPerSecond} frames per second.`,
      );
    }
    allowance -= cost;
    measure(data, limits);
    return parseMessage(data, limits.maxFramesPerMessage);
  };
}
