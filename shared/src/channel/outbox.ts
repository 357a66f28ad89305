/**
 * Frames on their way out. All frames of one task leave as one message: a message costs the browser
 * the same whether it holds one frame or a hundred, and it is by far the dearest part of a call.
 *
 * The flush waits in microtasks until a whole round has added nothing, so that answers whose
 * promises settle a few microtasks apart still share a message; `MAX_ROUNDS` bounds the wait.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { Frame } from "../protocol/frames.ts";
import type { ChannelPort } from "./port.ts";

const MAX_ROUNDS = 16;

export interface Outbox {
  push(frame: Frame, transfer?: readonly object[]): void;
  /** Sends what is waiting, now. */
  flush(): void;
}

export interface OutboxOptions {
  readonly port: ChannelPort;
  /** More frames than this are split over several messages. */
  readonly maxFramesPerMessage: number;
  /** A frame could not be cloned; the others of its task have been sent. */
  readonly onUnsendable: (frame: Frame, error: BridgeError) => void;
}

export function createOutbox({ port, maxFramesPerMessage, onUnsendable }: OutboxOptions): Outbox {
  let frames: Frame[] = [];
  let transfers: Map<Frame, readonly object[]> | undefined;
  let seen = 0;
  let rounds = 0;

  const settle = (): void => {
    if (frames.length > seen && frames.length < maxFramesPerMessage && rounds < MAX_ROUNDS) {
      seen = frames.length;
      rounds += 1;
      queueMicrotask(settle);
    } else flush();
  };

  const flush = (): void => {
    const batch = frames;
    const moved = transfers;
    frames = [];
    transfers = undefined;
    seen = 0;
    rounds = 0;
    if (batch.length === 0) return;
    if (batch.length <= maxFramesPerMessage) return send(batch, moved);
    for (let start = 0; start < batch.length; start += maxFramesPerMessage) {
      send(batch.slice(start, start + maxFramesPerMessage), moved);
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
      if (frames.length === 1) queueMicrotask(settle);
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
