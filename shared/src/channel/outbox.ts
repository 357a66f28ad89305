/**
 * Outgoing frames. All frames of one task leave as one message: a message costs the browser the same
 * with one frame or a hundred, and it is by far the most expensive part of a call.
 *
 * The frames leave in a microtask, once a round of microtasks has added no further frame, so answers
 * that settle a few microtasks apart still share a message. A full message leaves at once.
 */
import type { BridgeError } from "../errors/bridge-error.ts";
import type { Frame } from "../protocol/frames.ts";
import { notCloneable } from "./not-cloneable.ts";
import type { ChannelPort } from "./port.ts";

export interface Outbox {
  push(frame: Frame, transfer?: readonly object[]): void;
  /** Sends the waiting frames now. */
  flush(): void;
}

/**
 * @param maxFrames More frames than this are split over several messages.
 * @param onUnsendable Called for a frame that cannot be cloned. The others of its task are sent.
 */
export function createOutbox(
  port: ChannelPort,
  maxFrames: number,
  onUnsendable: (frame: Frame, error: BridgeError) => void,
): Outbox {
  // A promise reaction is a microtask inside the JavaScript engine; `queueMicrotask` goes through the browser.
  const now = Promise.resolve();
  let frames: Frame[] = [];
  let transfers: Map<Frame, readonly object[]> | undefined;
  let seen = 0;

  const send = (batch: Frame[], moved: typeof transfers): void => {
    try {
      port.postMessage(batch, moved ? batch.flatMap((frame) => moved.get(frame) ?? []) : []);
    } catch (cause) {
      // Cloning fails before anything is sent or moved, so the other frames can still be sent.
      const [only, ...others] = batch;
      if (only === undefined) return;
      if (others.length > 0) {
        for (const frame of batch) send([frame], moved);
      } else onUnsendable(only, notCloneable(only, moved !== undefined, cause));
    }
  };

  const flush = (): void => {
    const batch = frames;
    const moved = transfers;
    frames = [];
    transfers = undefined;
    seen = 0;
    for (let start = 0; start < batch.length; start += maxFrames) {
      send(batch.slice(start, start + maxFrames), moved);
    }
  };

  const settle = (): void => {
    if (frames.length === seen || frames.length >= maxFrames) return flush();
    seen = frames.length;
    void now.then(settle);
  };

  return {
    push(frame, transfer) {
      frames.push(frame);
      if (transfer && transfer.length > 0) (transfers ??= new Map()).set(frame, transfer);
      if (frames.length === 1) void now.then(settle);
    },
    flush,
  };
}
