/**
 * Decides whether a message of a guest is accepted. Limits are checked before any frame is handled,
 * and a message is accepted whole or refused whole.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";
import { parseMessage, type Frame } from "../protocol/frames.ts";
import type { Clock } from "../clock.ts";
import { Measurement } from "./measure.ts";

/** An accepted message. */
export interface ReceivedMessage {
  readonly frames: readonly Frame[];
  /** Measured bytes of each frame, where a gate measures them. */
  readonly bytes?: readonly number[];
}

/** @throws {BridgeError} FRAME_TOO_LARGE, FRAME_RATE_EXCEEDED, FRAME_MALFORMED */
export type Gate = (data: unknown) => ReceivedMessage;

export function createGate(limits: ChannelLimits, clock: Clock): Gate {
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
    const bytes = measureFrames(data, limits);
    return { frames: parseMessage(data, limits.maxFramesPerMessage), bytes };
  };
}

function measureFrames(data: unknown, limits: ChannelLimits): readonly number[] {
  // `parseMessage` refuses a message that is not a list or has too many frames, and reads nothing else.
  if (!Array.isArray(data) || data.length > limits.maxFramesPerMessage) return [];
  if (Object.keys(data).length !== data.length) {
    throw new BridgeError("FRAME_MALFORMED", "A message has holes or named members.");
  }
  const measurement = new Measurement(limits);
  const bytes: number[] = [];
  for (const frame of data) bytes.push(measurement.of(frame, 1));
  return bytes;
}
