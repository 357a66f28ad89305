/**
 * Frames on the data port. One message is an array of all frames that one side produced in one task.
 * A frame is a tuple whose first element names its kind. Tuples are smaller to clone than objects,
 * and have no keys that could pollute a prototype.
 *
 * The parser is written by hand. It runs for every frame on both sides and is part of every guest,
 * where a schema library would take more than half of the size budget.
 */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError, type WireError } from "../errors/bridge-error.ts";
import { isWireError } from "./guards.ts";
import { isName } from "./names.ts";
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
/** The caller aborts: the callee's `AbortSignal` fires, and no answer is expected. */
export type AbortFrame = readonly [kind: "abort", id: CallId];
/** `retained` (host → guest only): later subscribers of the same guest get this payload, too. */
export type EventFrame = readonly [
  kind: "event",
  topic: string,
  payload: unknown,
  retained?: boolean,
];
/** Guest → host: requests events of this topic, starting with the retained one if there is any. */
export type SubscribeFrame = readonly [kind: "subscribe", topic: string];
export type UnsubscribeFrame = readonly [kind: "unsubscribe", topic: string];
/** Host → guest: a new value for one part of the state in the welcome. */
export type StateFrame = readonly [kind: "state", key: StateKey, value: unknown];
/** Host → guest: an event or subscription of the guest was refused. These frames have no other answer. */
export type RefusedFrame = readonly [kind: "refused", topic: string, error: WireError];
/** The sender closes the channel. Calls in flight are lost. */
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
 * Parses the frames of one message. A message is accepted whole or refused whole; the error names
 * the first fault.
 *
 * @throws {BridgeError} FRAME_MALFORMED, FRAME_TOO_LARGE (more than `maxFrames`)
 */
export function parseMessage(data: unknown, maxFrames: number): readonly Frame[] {
  if (!Array.isArray(data) || data.length === 0)
    throw malformed(WORDS && "a message must be a list of frames");
  if (data.length > maxFrames) {
    throw new BridgeError(
      "FRAME_TOO_LARGE",
      WORDS
        ? `A message has ${data.length} frames, and at most ${maxFrames} are allowed.`
        : [data.length],
    );
  }
  for (let index = 0; index < data.length; index += 1) assertFrame(data[index]);
  return data as readonly Frame[];
}

function assertFrame(frame: unknown): asserts frame is Frame {
  if (!Array.isArray(frame)) throw malformed(WORDS && "a frame must be a list");
  if (!isWellFormed(frame))
    throw malformed(WORDS && `a "${describeKind(frame[0])}" frame is malformed`);
}

function isWellFormed(frame: readonly unknown[]): boolean {
  const [kind, first, second] = frame;
  switch (kind as FrameKind) {
    case "call":
      return frame.length === 4 && isCallId(first) && isName(second) && Array.isArray(frame[3]);
    case "result":
      return frame.length === 3 && isCallId(first);
    case "error":
      return frame.length === 3 && isCallId(first) && isWireError(second);
    case "abort":
      return frame.length === 2 && isCallId(first);
    case "event":
      return (
        (frame.length === 3 || (frame.length === 4 && typeof frame[3] === "boolean")) &&
        isName(first)
      );
    case "subscribe":
    case "unsubscribe":
      return frame.length === 2 && isName(first);
    case "state":
      return frame.length === 3 && isStateValue(first, second);
    case "refused":
      return frame.length === 3 && isName(first) && isWireError(second);
    case "close":
      return frame.length === 1;
    default:
      return false;
  }
}

function isCallId(value: unknown): value is CallId {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

// The peer's text for a kind never appears in our error, so logs stay short and harmless.
function describeKind(kind: unknown): string {
  return typeof kind === "string" && /^[a-z]{1,16}$/.test(kind) ? kind : typeof kind;
}

function malformed(what: string | false): BridgeError {
  return new BridgeError(
    "FRAME_MALFORMED",
    WORDS && `The other side violated the protocol: ${what || ""}.`,
  );
}
