/**
 * The penpal messages that a guest may send, parsed into the host's own objects. penpal itself accepts
 * any message of its namespace in any state.
 */
import { HANDSHAKE_CHANNEL, isRecord } from "@breezeway/shared";
import type { Message } from "penpal";

/** Members of every message of the handshake. */
export const PENPAL: { readonly namespace: "penpal"; readonly channel: string } = {
  namespace: "penpal",
  channel: HANDSHAKE_CHANNEL,
};

/** A step of the handshake that arrives as a window message. */
export type GuestStep =
  | { readonly type: "SYN"; readonly guestId: string }
  | { readonly type: "ACK2" };

export type GuestCall = Extract<Message, { type: "CALL" | "DESTROY" }>;

const MAX_ID_LENGTH = 128;

/** Returns `undefined` for any other message, including calls, which arrive through the port. */
export function readStep(data: unknown): GuestStep | undefined {
  if (!isPenpal(data)) return undefined;
  const { type, participantId } = data;
  if (type === "ACK2") return { type };
  return type === "SYN" && isId(participantId) ? { type, guestId: participantId } : undefined;
}

/** Parses a message that arrives through the port. Returns `undefined` for any other message. */
export function readCall(data: unknown): GuestCall | undefined {
  if (!isPenpal(data)) return undefined;
  const { type, id, methodPath, args } = data;
  if (type === "DESTROY") return { ...PENPAL, type };
  if (type !== "CALL" || !isId(id) || !isPath(methodPath) || !Array.isArray(args)) return undefined;
  return { ...PENPAL, type, id, methodPath, args };
}

function isPenpal(data: unknown): data is Record<string, unknown> {
  return (
    isRecord(data) && data["namespace"] === PENPAL.namespace && data["channel"] === PENPAL.channel
  );
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function isPath(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= 4 && value.every(isId);
}
