/**
 * Estimates the size of a received message by walking it. Structured clone lets a peer send cycles
 * and shared references, so the walk is bounded by counted bytes and by depth, not by the graph.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";

// Approximate memory of the smallest value. Counting it also ends the walk on shared arrays.
const SLOT_BYTES = 8;

/**
 * Estimated bytes: one per character of text, the length of binary data, 8 per value.
 *
 * @throws {BridgeError} FRAME_TOO_LARGE, when bytes or depth exceed the limits
 */
export function measure(
  message: unknown,
  limits: Pick<ChannelLimits, "maxMessageBytes" | "maxDepth">,
): number {
  return new Measurement(limits.maxMessageBytes, limits.maxDepth).of(message);
}

class Measurement {
  #bytes = 0;
  readonly #maxBytes: number;
  readonly #maxDepth: number;

  constructor(maxBytes: number, maxDepth: number) {
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  of(message: unknown): number {
    this.#walk(message, 0);
    return this.#bytes;
  }

  #walk(value: unknown, depth: number): void {
    if (typeof value === "string") return this.#add(value.length);
    if (typeof value !== "object" || value === null) return this.#add(0);
    if (depth > this.#maxDepth) throw tooLarge(`is nested deeper than ${this.#maxDepth} levels`);
    if (Array.isArray(value)) {
      // `forEach` would skip the holes of a huge sparse array.
      this.#add(value.length);
      for (const item of value) this.#walk(item, depth + 1);
      this.#walkNamed(value, depth + 1);
    } else if (Object.getPrototypeOf(value) === Object.prototype)
      this.#walkMembers(value, depth + 1);
    else this.#walkOther(value, depth + 1);
  }

  /** Own properties of an array, which structured clone keeps besides its items. */
  #walkNamed(list: object, depth: number): void {
    // Own keys come with the indices first (ECMA-262, section 10.1.11.1).
    const keys = Object.keys(list);
    for (let key = keys.pop(); key !== undefined && !isIndex(key); key = keys.pop()) {
      this.#add(key.length);
      this.#walk((list as Record<string, unknown>)[key], depth);
    }
  }

  #walkMembers(value: object, depth: number): void {
    this.#add(0);
    for (const key in value) {
      this.#add(key.length);
      this.#walk((value as Record<string, unknown>)[key], depth);
    }
  }

  /** Objects other than arrays and plain objects that structured clone supports. */
  #walkOther(value: object, depth: number): void {
    this.#add(binaryLength(value));
    if (value instanceof Map) {
      for (const [key, item] of value) {
        this.#walk(key, depth);
        this.#walk(item, depth);
      }
    } else if (value instanceof Set) {
      for (const item of value) this.#walk(item, depth);
    } else if (value instanceof Error) {
      // Structured clone copies these, although they are not enumerable.
      for (const part of [value.message, value.stack, value.cause]) this.#walk(part, depth);
    } else if (value instanceof RegExp) this.#walk(value.source, depth);
    else if (!ArrayBuffer.isView(value)) this.#walkMembers(value, depth);
  }

  #add(count: number): void {
    this.#bytes += SLOT_BYTES + count;
    if (this.#bytes > this.#maxBytes) throw tooLarge(`is larger than ${this.#maxBytes} bytes`);
  }
}

function isIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return index < 0xff_ff_ff_ff && String(index) === key;
}

function binaryLength(value: object): number {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  // Blob and File, for which this package has no types. A false size only costs the peer.
  const { size } = value as { readonly size?: unknown };
  return typeof size === "number" && size > 0 && !(value instanceof Map || value instanceof Set)
    ? size
    : 0;
}

function tooLarge(what: string): BridgeError {
  return new BridgeError("FRAME_TOO_LARGE", `A message ${what}.`);
}
