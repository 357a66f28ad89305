/**
 * The size of a message that has arrived, estimated by walking it. Structured clone lets a peer
 * send cycles and shared references, so the walk is bounded by what it has counted and by depth,
 * not by the graph.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";

// What the smallest value costs in memory, roughly. Also what makes the walk end on shared arrays.
const SLOT_BYTES = 8;

/**
 * Estimated bytes: one per character of text, the length of binary data, 8 per value.
 *
 * @throws {BridgeError} FRAME_TOO_LARGE when bytes or depth exceed the limits.
 */
export function measure(
  message: unknown,
  limits: Pick<ChannelLimits, "maxMessageBytes" | "maxDepth">,
): number {
  const { maxMessageBytes, maxDepth } = limits;
  let bytes = 0;

  const add = (count: number): void => {
    bytes += count;
    if (bytes > maxMessageBytes) throw tooLarge(`is larger than ${maxMessageBytes} bytes`);
  };

  const walk = (value: unknown, depth: number): void => {
    if (typeof value === "string") return add(SLOT_BYTES + value.length);
    if (typeof value !== "object" || value === null) return add(SLOT_BYTES);
    if (depth > maxDepth) throw tooLarge(`is nested deeper than ${maxDepth} levels`);
    add(SLOT_BYTES + binaryLength(value));
    if (Array.isArray(value)) {
      // `forEach` would skip the holes that make a huge array out of nothing.
      add(value.length);
      for (const item of value) walk(item, depth + 1);
    } else if (value instanceof Map) {
      for (const [key, item] of value) {
        walk(key, depth + 1);
        walk(item, depth + 1);
      }
    } else if (value instanceof Set) {
      for (const item of value) walk(item, depth + 1);
    } else if (value instanceof Error) {
      // Cloned, but not enumerable.
      for (const part of [value.message, value.stack, value.cause]) walk(part, depth + 1);
    } else if (value instanceof RegExp) {
      walk(value.source, depth + 1);
    } else if (!ArrayBuffer.isView(value)) {
      for (const key in value) {
        add(key.length);
        walk((value as Record<string, unknown>)[key], depth + 1);
      }
    }
  };

  walk(message, 0);
  return bytes;
}

function binaryLength(value: object): number {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  // Blob and File, which this package has no types for. A lie here costs the peer, not us.
  const { size } = value as { readonly size?: unknown };
  return typeof size === "number" && size > 0 && !(value instanceof Map || value instanceof Set)
    ? size
    : 0;
}

function tooLarge(what: string): BridgeError {
  return new BridgeError("FRAME_TOO_LARGE", `A message ${what}.`);
}
