/**
 * Estimates the size of a received message by walking it. The walk takes a number of steps in proportion
 * to the bytes that the peer posted, for everything that structured clone carries: a type that could
 * hide its size is refused before anything reads it, and a value that is referenced many times is walked
 * once. Counted bytes and depth are those of the tree that a reader of the message walks.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { ChannelLimits } from "../limits.ts";
import {
  bigintBytes,
  leafBytes,
  tagOf,
  tooLarge,
  type ImageBitmapLike,
  type ImageDataLike,
} from "./carried-types.ts";

// Approximate memory of the smallest value.
const SLOT_BYTES = 8;

// An object with more members is a hash table: it takes far more memory and time than its text.
const MAX_LEAN_MEMBERS = 1_024;
const WIDE_MEMBER_BYTES = 64;

// A value whose type is refused is not looked at. Each takes an object and, for some, a handle.
const REFUSED_BYTES = 64;

// Walking fewer steps again costs less than remembering them.
const STEPS_TO_REMEMBER = 64;

// Telling the type of an object takes about as long as looking at three numbers.
const STEPS_OF_TYPE = 3;

type MeasureLimits = Pick<
  ChannelLimits,
  "maxMessageBytes" | "maxMessageValues" | "maxBinaryBytes" | "maxDepth"
>;

/** Measures the parts of one message, which share the limits. */
export class Measurement {
  /**
   * Values, keys and references that were looked at. An item of a list or a Set counts twice, as a member
   * does. An object that is neither a list nor a plain object counts three times more.
   */
  steps = 0;
  /** Whether each part so far was walked to its end. Otherwise the message has more than {@link bytes}. */
  isWhole = true;
  #bytes = 0;
  #binaryBytes = 0;
  /** The deepest level that the walk of the current object has reached. */
  #deepest = 0;
  readonly #maxBytes: number;
  readonly #maxSteps: number;
  readonly #maxBinaryBytes: number;
  readonly #maxDepth: number;
  /** Objects that took many steps. Without it, shared references would cost 2ⁿ steps. */
  #walked: Map<object, { readonly bytes: number; readonly levels: number }> | undefined;
  /** Buffers that were counted. Views share their buffer on the wire, too. */
  #buffers: Set<unknown> | undefined;
  /** A type that messages cannot carry. The walk goes on, so that the rest is counted. */
  #refused: string | undefined;

  /** The objects from the message down to the current one, by level. */
  readonly #path: object[] = [];

  constructor(limits: MeasureLimits) {
    this.#maxBytes = limits.maxMessageBytes;
    this.#maxSteps = limits.maxMessageValues;
    this.#maxBinaryBytes = limits.maxBinaryBytes;
    this.#maxDepth = limits.maxDepth;
  }

  /** Bytes of all parts that were measured, also of one that was refused. */
  get bytes(): number {
    return this.#bytes + this.#binaryBytes;
  }

  /**
   * Estimated bytes of a part of the message: one per character of text, the length of binary data, 8 per
   * value. `depth` is the level of the part. Binary data has a limit of its own, since it is moved or
   * copied as a whole and never walked. The content of a Blob is not counted: it stays in the browser.
   *
   * @throws {BridgeError} FRAME_TOO_LARGE, when bytes or depth exceed the limits; FRAME_MALFORMED, when a
   * value has a type that messages cannot carry, or contains itself
   */
  of(value: unknown, depth = 0): number {
    const before = this.bytes;
    this.isWhole = false;
    this.#refused = undefined;
    this.#walk(value, depth);
    this.isWhole = true;
    if (this.#refused !== undefined) throw refusedType(this.#refused);
    return this.bytes - before;
  }

  #walk(value: unknown, depth: number): void {
    if (typeof value === "string") return this.#add(value.length);
    if (typeof value === "bigint") return this.#add(bigintBytes(value));
    if (typeof value !== "object" || value === null) return this.#add(0);
    this.#walkReference(value, depth);
  }

  #walkReference(value: object, depth: number): void {
    const known = this.#walked === undefined ? undefined : this.#walked.get(value);
    const lowest = known === undefined ? depth : depth + known.levels;
    this.#path[depth] = value;
    if (lowest > this.#maxDepth) throw this.#tooDeep(depth);
    const deepest = this.#deepest > lowest ? this.#deepest : lowest;
    if (known !== undefined) {
      this.#deepest = deepest;
      return this.#add(known.bytes - SLOT_BYTES);
    }
    const { steps } = this;
    const bytes = this.#bytes;
    this.#deepest = depth;
    if (Array.isArray(value)) this.#walkList(value, depth + 1);
    else if (Object.getPrototypeOf(value) === Object.prototype) this.#walkMembers(value, depth + 1);
    else this.#walkOther(value, depth + 1);
    if (this.steps - steps >= STEPS_TO_REMEMBER) {
      this.#walked ??= new Map();
      this.#walked.set(value, { bytes: this.#bytes - bytes, levels: this.#deepest - depth });
    }
    if (deepest > this.#deepest) this.#deepest = deepest;
  }

  #walkList(list: readonly unknown[], depth: number): void {
    const { length } = list;
    if (this.#bytes + length * SLOT_BYTES > this.#maxBytes) throw this.#tooManyBytes();
    if (this.steps + length * 2 > this.#maxSteps) throw this.#tooManyValues();
    this.#add(length);
    // Keys would tell the same in ten times the time, since each index becomes a text.
    const values = Object.values(list);
    this.steps += values.length;
    if (values.length === length && !hasHole(list)) this.#walkItems(values, depth);
    else this.#walkKeys(list, Object.keys(list), depth);
  }

  /** Numbers and texts are added up first: a field that is written for each takes longer than the item. */
  #walkItems(list: readonly unknown[], depth: number): void {
    let primitives = 0;
    let characters = 0;
    for (const item of list) {
      if (typeof item === "bigint" || (typeof item === "object" && item !== null)) {
        this.#walk(item, depth);
      } else {
        primitives += 1;
        if (typeof item === "string") characters += item.length;
      }
    }
    this.#add(characters, primitives);
  }

  /** A list with holes, or with named members, which structured clone keeps, too. */
  #walkKeys(list: readonly unknown[], keys: readonly string[], depth: number): void {
    // Own keys come with the indices first (ECMA-262, section 10.1.11.1).
    let items = keys.length;
    while (items > 0 && !isIndex(keys[items - 1])) items -= 1;
    // A sparse list has many more holes than bytes, so its holes are counted without a walk.
    this.#add((list.length - items - 1) * SLOT_BYTES);
    for (let i = 0; i < items; i += 1) this.#walk(list[Number(keys[i])], depth);
    const names = keys.slice(items);
    names.forEach((name, index) => this.#walkMember(list, name, index + 1, depth));
  }

  #walkMembers(value: object, depth: number): void {
    this.#add(0);
    let members = 0;
    for (const key in value) {
      members += 1;
      this.#walkMember(value, key, members, depth);
    }
  }

  /** @param members How many members the object has so far. */
  #walkMember(value: object, key: string, members: number, depth: number): void {
    this.#add(members > MAX_LEAN_MEMBERS ? key.length + WIDE_MEMBER_BYTES : key.length);
    this.#walk((value as Record<string, unknown>)[key], depth);
  }

  /** Objects other than lists and plain objects. */
  #walkOther(value: object, depth: number): void {
    this.steps += STEPS_OF_TYPE;
    if (ArrayBuffer.isView(value)) return this.#addBuffer(value.buffer);
    const tag = tagOf(value);
    if (tag === "[object Map]") {
      this.#add(0);
      for (const [key, item] of value as Map<unknown, unknown>) {
        this.#walk(key, depth);
        this.#walk(item, depth);
      }
    } else if (tag === "[object Set]") {
      this.#add(0);
      for (const item of value as Set<unknown>) {
        this.steps += 1;
        this.#walk(item, depth);
      }
    } else if (tag === "[object Error]" || tag === "[object DOMException]") {
      this.#add(0);
      // Structured clone copies these, although they are not enumerable.
      const { message, stack, cause } = value as Error;
      for (const part of [message, stack, cause]) this.#walk(part, depth);
    } else if (tag === "[object Object]") {
      // A plain object of another realm, as test runners with a realm for each file have it.
      this.#walkMembers(value, depth);
    } else if (tag === "[object ArrayBuffer]") this.#addBuffer(value);
    else if (tag === "[object ImageData]") this.#addBuffer((value as ImageDataLike).data.buffer);
    else if (tag === "[object ImageBitmap]") {
      const { width, height } = value as ImageBitmapLike;
      this.#addBinary(width * height * 4);
    } else this.#addLeaf(tag, leafBytes(tag, value));
  }

  /** @param bytes `undefined` for a type that messages cannot carry */
  #addLeaf(tag: string, bytes: number | undefined): void {
    if (bytes === undefined) this.#refused ??= tag;
    this.#add(bytes ?? REFUSED_BYTES);
  }

  // A view keeps its whole buffer, and a resizable buffer reserves its largest size.
  #addBuffer(buffer: object): void {
    if (this.#buffers?.has(buffer)) return this.#add(0);
    if (tagOf(buffer) !== "[object ArrayBuffer]") return this.#addLeaf(tagOf(buffer), undefined);
    const { byteLength, maxByteLength } = buffer as ArrayBuffer;
    this.#addBinary(Math.max(byteLength, maxByteLength ?? 0));
    this.#buffers ??= new Set();
    this.#buffers.add(buffer);
  }

  #add(count: number, values = 1): void {
    this.steps += values;
    this.#bytes += values * SLOT_BYTES + count;
    if (this.#bytes > this.#maxBytes) throw this.#tooManyBytes();
    if (this.steps > this.#maxSteps) throw this.#tooManyValues();
  }

  #addBinary(count: number): void {
    this.#add(0);
    this.#binaryBytes += count;
    if (this.#binaryBytes <= this.#maxBinaryBytes) return;
    throw tooLarge(
      `A message has more than ${this.#maxBinaryBytes} bytes of binary data. Send a Blob, a File or a stream.`,
    );
  }

  #tooManyBytes(): BridgeError {
    return tooLarge(
      `A message is larger than ${this.#maxBytes} bytes. Send large data as an ArrayBuffer, a Blob or a stream.`,
    );
  }

  #tooManyValues(): BridgeError {
    return tooLarge(
      `A message has more than ${this.#maxSteps} values and keys. Send many numbers as a typed array, and many records as a Blob or in parts.`,
    );
  }

  #tooDeep(depth: number): BridgeError {
    const above = this.#path.slice(0, depth);
    if (new Set(above).size < above.length || above.includes(this.#path[depth] as object)) {
      return new BridgeError(
        "FRAME_MALFORMED",
        "A message has a value that contains itself. Remove the cycle, such as a reference to a parent.",
      );
    }
    return tooLarge(`A message is nested deeper than ${this.#maxDepth} levels.`);
  }
}

/** With a loop, since the methods of lists leave holes out. */
function hasHole(list: readonly unknown[]): boolean {
  if (!list.includes(undefined)) return false;
  for (let i = 0; i < list.length; i += 1) {
    if (list[i] === undefined && !Object.hasOwn(list, i)) return true;
  }
  return false;
}

function isIndex(key: string | undefined): boolean {
  const index = Number(key) >>> 0;
  return index < 0xff_ff_ff_ff && String(index) === key;
}

function refusedType(tag: string): BridgeError {
  return new BridgeError(
    "FRAME_MALFORMED",
    `A message cannot carry a value of type ${tag.slice(8, -1)}.`,
  );
}
