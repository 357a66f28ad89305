/**
 * Decides whether a message of a guest is accepted. Limits are checked before any frame is handled,
 * and a message is accepted whole or refused whole.
 *
 * Frames and bytes have a token bucket each. Bytes are known only after a look at the message, which costs
 * time in proportion to them, so they are spent by refused messages too, and the bucket can be overdrawn.
 * A message that is too large to be looked at to its end spends a whole burst.
 * A guest that goes on sending gets refusals, and below minus one burst nobody reads its messages. Below
 * minus two bursts nothing is spent, so that a pause of a few seconds is always enough.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";
import { parseMessage, type Frame } from "../protocol/frames.ts";
import type { Clock } from "../clock.ts";
import type { Hold } from "./incoming-calls.ts";
import { Measurement } from "./measure.ts";

/** An accepted message. */
export interface ReceivedMessage {
  readonly frames: readonly Frame[];
  /** Measured bytes of each frame, where a gate measures them. */
  readonly bytes?: readonly number[];
}

export interface Gate {
  /** Whether the next message may be read. Reading deserialises it. */
  readonly mayRead: () => boolean;
  /** @throws {BridgeError} FRAME_TOO_LARGE, FRAME_RATE_EXCEEDED, FRAME_MALFORMED */
  readonly receive: (data: unknown) => ReceivedMessage;
  /** The bound on calls whose handlers have not settled, for one channel. */
  readonly createHold: () => Hold;
}

export function createGate(limits: ChannelLimits, clock: Clock): Gate {
  const largest = limits.maxMessageBytes + limits.maxBinaryBytes;
  // One message of the largest size is always possible.
  const byteBurst = Math.max(limits.byteBurst, largest);
  const frames = createBudget(clock, limits.frameBurst, limits.maxFramesPerSecond);
  const bytes = createBudget(clock, byteBurst, limits.maxBytesPerSecond);

  const measure = (data: unknown): readonly number[] => {
    const measurement = new Measurement(limits);
    try {
      return measureFrames(data, limits, measurement);
    } finally {
      // A message that is refused in the middle has an unknown rest, which was read all the same. So it
      // spends a burst: the next such message leaves nothing for a third.
      bytes.spend(measurement.isWhole ? measurement.bytes : Math.max(measurement.bytes, byteBurst));
    }
  };

  return {
    createHold: () => createHold(limits.maxBytesInFlight),
    mayRead: () => bytes.left() > -byteBurst,
    receive(data) {
      const count = Array.isArray(data) ? data.length : 1;
      const isOverdrawn = bytes.left() < 0;
      const measured = measure(data);
      if (count > frames.left()) throw tooMany("frames", limits.maxFramesPerSecond);
      frames.spend(count);
      if (isOverdrawn) throw tooMany("bytes", limits.maxBytesPerSecond);
      return { frames: parseMessage(data, limits.maxFramesPerMessage), bytes: measured };
    },
  };
}

/** One call of any size is always possible. */
function createHold(maxBytes: number): Hold {
  let held = 0;
  return (bytes) => {
    if (held > 0 && held + bytes > maxBytes) {
      throw new BridgeError(
        "CALL_LIMIT_EXCEEDED",
        `Calls that wait for an answer hold more than ${maxBytes} bytes.`,
      );
    }
    held += bytes;
    return () => {
      held -= bytes;
    };
  };
}

/** A token bucket that can be overdrawn by two bursts. */
export interface Budget {
  left(): number;
  spend(amount: number): void;
}

export function createBudget(clock: Clock, burst: number, perSecond: number): Budget {
  let left = burst;
  let filledAt = clock.monotonic();
  return {
    left() {
      const now = clock.monotonic();
      left = Math.min(burst, left + (Math.max(0, now - filledAt) / 1000) * perSecond);
      filledAt = now;
      return left;
    },
    spend(amount) {
      left = Math.max(left - amount, -2 * burst);
    },
  };
}

function measureFrames(
  data: unknown,
  limits: ChannelLimits,
  measurement: Measurement,
): readonly number[] {
  // `parseMessage` refuses a message that is not a list or has too many frames. Its bytes count too.
  if (!Array.isArray(data) || data.length > limits.maxFramesPerMessage) {
    measurement.of(data);
    return [];
  }
  if (Object.keys(data).length !== data.length) {
    measurement.of(data);
    throw new BridgeError("FRAME_MALFORMED", "A message has holes or named members.");
  }
  const bytes: number[] = [];
  let refused: BridgeError | undefined;
  for (const frame of data) {
    try {
      bytes.push(measurement.of(frame, 1));
    } catch (error) {
      if (!measurement.isWhole || !BridgeError.is(error)) throw error;
      refused ??= error;
    }
  }
  if (refused !== undefined) throw refused;
  return bytes;
}

function tooMany(what: string, perSecond: number): BridgeError {
  return new BridgeError(
    "FRAME_RATE_EXCEEDED",
    `The guest sent more than ${perSecond} ${what} per second.`,
  );
}
