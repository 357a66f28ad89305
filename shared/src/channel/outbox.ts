/**
 * Frames on their way out. All frames of one task leave as one message: a message costs the browser
 * the same whether it holds one frame or a hundred, and it is by far the dearest part of a call.
 *
 * They leave in a microtask, after a round of microtasks that has added none, so that answers whose
 * promises settle a few microtasks apart still share a message. A full message does not wait.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { Frame } from "../protocol/frames.ts";
import type { ChannelPort } from "./port.ts";

export interface Outbox {
  push(frame: Frame, transfer?: readonly object[]): void;
  /** Sends what is waiting, now. */
  flush(): void;
}

/**
 * @param maxFrames more than this are split over several messages
 * @param onUnsendable a frame could not be cloned; the others of its task have been sent
 */
export function createOutbox(
  port: ChannelPort,
  maxFrames: number,
  onUnsendable: (frame: Frame, error: BridgeError) => void,
): Outbox {
  // Its reactions are microtasks of the engine's own; `queueMicrotask` takes a way through the browser.
  const now = Promise.resolve();
  let frames: Frame[] = [];
  let transfers: Map<Frame, readonly object[]> | undefined;
  let seen = 0;

  const settle = (): void => {
    if (frames.length === seen || frames.length >= maxFrames) return flush();
    seen = frames.length;
    void now.then(settle);
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

  const send = (batch: Frame[], moved: typeof transfers): void => {
    try {
      port.postMessage(batch, moved ? batch.flatMap((frame) => moved.get(frame) ?? []) : []);
    } catch (cause) {
      // Cloning fails before anything is sent or moved. The rest of the task is innocent.
      const [only, ...others] = batch;
      if (only === undefined) return;
      if (others.length > 0) {
        for (const frame of batch) send([frame], moved);
      } else onUnsendable(only, notCloneable(cause));
    }
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

function notCloneable(cause: unknown): BridgeError {
  return new BridgeError(
    "VALUE_NOT_CLONEABLE",
    "A value cannot be sent to the other side: it holds a function, a DOM node, or an object that was moved already.",
    { cause },
  );
}
