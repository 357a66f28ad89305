/**
 * The types that structured clone carries, and what one value of each takes in memory, as a message is
 * measured.
 */
import { BridgeError } from "../errors/bridge-error.ts";

// The browser keeps a pipe for each port or stream, and a handle for each Blob.
const PIPE_BYTES = 4_096;

// A matrix has 16 numbers, and a quad has four points of four numbers.
const GEOMETRY_BYTES = 128;

// Above the largest RSA modulus in use. Comparison with a bound reads the length of a BigInt first, so
// its cost does not depend on the peer.
const MAX_BIGINT_BITS = 4_096;
const MAX_BIGINT = 1n << BigInt(MAX_BIGINT_BITS);
const MAX_SMALL_BIGINT = 1n << 64n;

// Types of browsers, for which this package has no declarations.
export interface ImageDataLike {
  readonly data: Uint8ClampedArray;
}
interface BlobLike {
  readonly type: string;
  readonly name?: string;
}
export interface ImageBitmapLike {
  readonly width: number;
  readonly height: number;
}

/**
 * Bytes of an object without parts, beside its slot. The names are those of the HTML standard's
 * StructuredSerializeInternal and of interfaces marked Serializable or Transferable. A type that is not
 * in the list is refused, and `undefined` here: boxed primitives, whose characters count as members, shared memory, keys,
 * file handles, video frames, and what browsers add later.
 */
export function leafBytes(tag: string, value: object): number | undefined {
  switch (tag) {
    case "[object Date]":
      return 0;
    case "[object RegExp]":
      return (value as RegExp).source.length;
    case "[object Blob]":
    case "[object File]": {
      const { type: mediaType, name = "" } = value as BlobLike;
      return PIPE_BYTES + mediaType.length + name.length;
    }
    case "[object MessagePort]":
    // The name that Node gives a port. No other event target can be posted.
    case "[object EventTarget]":
    case "[object ReadableStream]":
    case "[object WritableStream]":
    case "[object TransformStream]":
      return PIPE_BYTES;
    case "[object DOMPoint]":
    case "[object DOMPointReadOnly]":
    case "[object DOMRect]":
    case "[object DOMRectReadOnly]":
    case "[object DOMQuad]":
    case "[object DOMMatrix]":
    case "[object DOMMatrixReadOnly]":
      return GEOMETRY_BYTES;
    default:
      return undefined;
  }
}

/**
 * The type as `[object Date]`, from internal slots or the prototype. A peer cannot choose it, since
 * structured clone carries neither symbols nor prototypes.
 */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

export function bigintBytes(value: bigint): number {
  if (value < MAX_SMALL_BIGINT && value > -MAX_SMALL_BIGINT) return 0;
  if (value < MAX_BIGINT && value > -MAX_BIGINT) return MAX_BIGINT_BITS / 8;
  throw tooLarge(`A message has a BigInt of more than ${MAX_BIGINT_BITS} bits.`);
}

export function tooLarge(message: string): BridgeError {
  return new BridgeError("FRAME_TOO_LARGE", message);
}
