/**
 * Frames on the data port. One message is an array of frames: all that one side produced in one
 * task. A frame is a tuple whose first element names its kind; tuples are smaller to clone than
 * objects, and have no keys to pollute a prototype with.
 *
 * Parsing is written out by hand because it runs for every frame on both sides and is bundled into
 * every guest, where a schema library would take more than half of the size budget.
 */
import { BridgeError, type WireError } from "../errors/bridge-error.ts";
import { isWireError } from "./guards.ts";
import { isMethodName, isTopic } from "./names.ts";
import { isStateValue, type StateKey } from "./state.ts";

/** Chosen by the caller, unique on its side of one channel; a positive safe integer. */
export type CallId = number;

export type CallFrame = readonly [
  kind: "call",
  id: CallId,
  method: string,
  args: readonly unknown[],
];
export type ResultFrame = readonly [kind: "result", id: CallId, value: unknown];
export type ErrorFrame = readonly [kind: "error", id: CallId, error: WireError];
/** The caller gave up: the callee's `AbortSignal` fires and no answer is expected any more. */
export type AbortFrame = readonly [kind: "abort", id: CallId];
/** `retained` (host → guest only): a snapshot that later subscribers of the same guest get too. */
export type EventFrame = readonly [
  kind: "event",
  topic: string,
  payload: unknown,
  retained?: boolean,
];
/** Guest → host: from now on send events of this topic, starting with the retained one if any. */
export type SubscribeFrame = readonly [kind: "subscribe", topic: string];
export type UnsubscribeFrame = readonly [kind: "unsubscribe", topic: string];
/** Host → guest: a new value of one part of the welcome's snapshot. */
export type StateFrame = readonly [kind: "state", key: StateKey, value: unknown];
/** Host → guest: an event or a subscription of the guest was refused; these have no answer of their own. */
export type RefusedFrame = readonly [kind: "refused", topic: string, error: WireError];
/** The sender answers nothing any more; calls under way are lost. */
export type CloseFrame = readonly [kind: "close"];

export type Frame =
  | CallFrame
  | ResultFrame
  | ErrorFrame
  | AbortFrame
  | EventFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | StateFrame
  | RefusedFrame
  | CloseFrame;

export type FrameKind = Frame[0];

/**
 * The frames of one message, or the first thing that is wrong with it. A message is taken whole or
 * not at all.
 *
 * @throws {BridgeError} FRAME_MALFORMED, FRAME_TOO_LARGE (more than `maxFrames`)
 */
export function parseMessage(data: unknown, maxFrames: number): readonly Frame[] {
  if (!Array.isArray(data) || data.length === 0)
    throw malformed("a message is not a list of frames");
  if (data.length > maxFrames) {
    throw new BridgeError(
      "FRAME_TOO_LARGE",
      `A message has ${data.length} frames; ${maxFrames} are allowed.`,
    );
  }
  for (let index = 0; index < data.length; index += 1) assertFrame(data[index]);
  return data as readonly Frame[];
}

function assertFrame(frame: unknown): asserts frame is Frame {
  if (!Array.isArray(frame)) throw malformed("a frame is not a list");
  if (!isWellFormed(frame)) throw malformed(`a "${describeKind(frame[0])}" frame is malformed`);
}

function isWellFormed(frame: readonly unknown[]): boolean {
  const [kind, first, second] = frame;
  switch (kind as FrameKind) {
    case "call":
      return (
        frame.length === 4 && isCallId(first) && isMethodName(second) && Array.isArray(frame[3])
      );
    case "result":
      return frame.length === 3 && isCallId(first);
    case "error":
      return frame.length === 3 && isCallId(first) && isWireError(second);
    case "abort":
      return frame.length === 2 && isCallId(first);
    case "event":
      return (
        (frame.length === 3 || (frame.length === 4 && typeof frame[3] === "boolean")) &&
        isTopic(first)
      );
    case "subscribe":
    case "unsubscribe":
      return frame.length === 2 && isTopic(first);
    case "state":
      return frame.length === 3 && isStateValue(first, second);
    case "refused":
      return frame.length === 3 && isTopic(first) && isWireError(second);
    case "close":
      return frame.length === 1;
    default:
      return false;
  }
}

function isCallId(value: unknown): value is CallId {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// Whatever the peer sent as a kind, the text in our error is ours: short and harmless in a log.
function describeKind(kind: unknown): string {
  return typeof kind === "string" && /^[a-z]{1,16}$/.test(kind) ? kind : typeof kind;
}

function malformed(what: string): BridgeError {
  return new BridgeError("FRAME_MALFORMED", `The other side broke the protocol: ${what}.`);
}
