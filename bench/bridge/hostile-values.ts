/**
 * Values of every type that structured clone carries, each in up to four shapes: one large value, many small
 * ones, one inside another, and the same one again and again. A seed chooses the mixtures.
 */
import type { Random } from "@breezeway/test-support/random";

/** A value, and what is transferred with it. */
export interface Posted {
  readonly value: unknown;
  readonly transfer: readonly Transferable[];
}

/** Makes a value of about so many bytes on the wire. */
type Make = (bytes: number, random: Random) => Posted;

/** What one type offers for its shapes. */
interface Kind {
  readonly large?: (bytes: number) => unknown;
  /** Bytes of a small one on the wire, and the small one. */
  readonly small?: readonly [bytes: number, make: (index: number) => unknown];
  /** A value that holds two others. */
  readonly hold?: (one: unknown, other: unknown) => unknown;
  readonly isTransferred?: true;
}

/** A browser's own stack ends some thousand values below. */
const MAX_CHAIN = 1_000;
const MAX_TRANSFERRED = 2_000;
const DOUBLINGS = 40;
/**
 * Just below the limit of a message's values, where an item counts twice. A host looks at no item of a
 * longer list, so more of them keep the browser alone busy.
 */
const MAX_VALUES = 500_000;
/** On the wire. */
const REFERENCE_BYTES = 3;

const view = (make: (buffer: ArrayBuffer) => unknown): Kind => ({
  large: (bytes) => make(new ArrayBuffer(bytes - (bytes % 8))),
  small: [64, () => make(new ArrayBuffer(8))],
});

const KINDS: Readonly<Record<string, Kind>> = {
  string: { large: (bytes) => "x".repeat(bytes), small: [8, (i) => `x${i}`] },
  "string of two bytes": {
    large: (bytes) => "\u4e00".repeat(bytes / 2),
    small: [8, () => "\u4e00"],
  },
  number: { small: [9, (i) => i + 0.5] },
  undefined: { small: [1, () => undefined] },
  bigint: { large: (bytes) => 1n << BigInt(Math.floor(bytes) * 8), small: [16, (i) => BigInt(i)] },
  "bigint of 512 bytes": { small: [514, (i) => (1n << 4_000n) + BigInt(i)] },
  "boxed string": {
    large: (bytes) => new String("x".repeat(bytes)),
    small: [8, () => new String("x")],
  },
  "boxed number": { small: [10, (i) => new Number(i)] },
  "boxed boolean": { small: [2, () => new Boolean(true)] },
  "boxed bigint": { large: (bytes) => new Object(1n << BigInt(bytes * 8)) },
  array: {
    large: (bytes) => list(bytes, 3, (i) => i % 100),
    small: [4, () => []],
    hold: (one, other) => [one, other],
  },
  "array with holes": {
    large: (bytes) => Object.assign([], { length: bytes, 7: 1, [bytes - 1]: 1 }),
    // A host counts 8 bytes for a hole.
    small: [8_000, () => Object.assign([], { length: 1_000 })],
  },
  "array with named members": {
    large: (bytes) => Object.assign([], members(Math.min(bytes, 3_000_000))),
    small: [14, (i) => Object.assign([1], { [`k${i % 50}`]: 1 })],
  },
  object: {
    large: (bytes) => members(bytes),
    small: [8, (i) => ({ i })],
    hold: (one, other) => ({ one, other }),
  },
  "object with long names": {
    large: (bytes) => Object.fromEntries(list(bytes, 1_000, (i) => [`${i}${"k".repeat(990)}`, 1])),
  },
  "object with numbers as names": {
    large: (bytes) => Object.fromEntries(list(bytes, 10, (i) => [i * 1_000, 1])),
  },
  Map: {
    large: (bytes) => new Map(list(bytes, 6, (i) => [i, i])),
    small: [4, () => new Map()],
    hold: (one, other) => new Map([[one, other]]),
  },
  Set: {
    large: (bytes) => new Set(list(bytes, 4, (i) => i)),
    small: [4, () => new Set()],
    hold: (one, other) => new Set([one, [other]]),
  },
  Date: { small: [9, (i) => new Date(i)] },
  RegExp: {
    large: (bytes) => new RegExp("x".repeat(Math.min(bytes, 1_000_000)), "u"),
    small: [5, () => /x/u],
  },
  Error: {
    large: (bytes) => new Error("x".repeat(bytes)),
    small: [200, () => new RangeError("x")],
    hold: (one, other) => new Error("x", { cause: [one, other] }),
  },
  DOMException: { small: [200, () => new DOMException("x", "AbortError")] },
  ArrayBuffer: {
    large: (bytes) => new ArrayBuffer(bytes),
    small: [4, () => new ArrayBuffer(1)],
  },
  "resizable buffer": {
    large: (bytes) => new ArrayBuffer(1, { maxByteLength: bytes * 100 }),
    // A host counts what it reserves.
    small: [100_000, () => new ArrayBuffer(1, { maxByteLength: 100_000 })],
  },
  Int8Array: view((buffer) => new Int8Array(buffer)),
  Uint8ClampedArray: view((buffer) => new Uint8ClampedArray(buffer)),
  Uint16Array: view((buffer) => new Uint16Array(buffer)),
  Float64Array: view((buffer) => new Float64Array(buffer)),
  BigInt64Array: view((buffer) => new BigInt64Array(buffer)),
  DataView: view((buffer) => new DataView(buffer)),
  "views of one buffer": {
    large: (bytes) => {
      const buffer = new ArrayBuffer(bytes);
      return list(bytes, 20, (i) => new Uint8Array(buffer, i, 1));
    },
  },
  Blob: {
    large: (bytes) => new Blob([new Uint8Array(bytes)]),
    small: [2_000, () => new Blob(["x"])],
  },
  File: {
    large: (bytes) => new File([new Uint8Array(bytes)], "x".repeat(1_000)),
    small: [2_000, () => new File(["x"], "x")],
  },
  ImageData: {
    large: (bytes) => new ImageData(Math.max(1, Math.floor(bytes / 400)), 100),
    small: [40, () => new ImageData(1, 1)],
  },
  ImageBitmap: {
    large: (bytes) => bitmap(Math.max(1, Math.floor(bytes / 4_000)), 1_000),
    small: [20_000, () => bitmap(1, 1)],
  },
  DOMPoint: { small: [34, () => new DOMPoint()] },
  DOMRect: { small: [34, () => new DOMRect()] },
  DOMQuad: { small: [130, () => new DOMQuad()] },
  DOMMatrix: { small: [130, () => new DOMMatrix()] },
  MessagePort: { small: [5_000, () => new MessageChannel().port1], isTransferred: true },
  ReadableStream: { small: [5_000, () => new ReadableStream()], isTransferred: true },
  WritableStream: { small: [5_000, () => new WritableStream()], isTransferred: true },
  "transferred buffer": { large: (bytes) => new ArrayBuffer(bytes), isTransferred: true },
};

export const HOSTILE_VALUES: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(Object.entries(KINDS).flatMap(([name, kind]) => shapesOf(name, kind))),
  "a cycle beside text": (bytes) => {
    const cycle: unknown[] = ["x".repeat(bytes)];
    cycle.push(cycle);
    return copied(cycle);
  },
  "a refused type beside numbers": (bytes) =>
    copied([new Boolean(true), list(bytes, 3, (i) => i % 100)]),
  mixture: (bytes, random) => copied(mixture(bytes, random, 0)),
};

function shapesOf(name: string, { large, small, hold, isTransferred }: Kind): [string, Make][] {
  const shapes: [string, Make][] = [];
  if (large) {
    shapes.push([
      `${name}, large`,
      (bytes) => {
        const value = large(bytes);
        return isTransferred ? { value, transfer: [value as Transferable] } : copied(value);
      },
    ]);
  }
  if (small) {
    const [each, make] = small;
    shapes.push([
      `${name}, many`,
      (bytes) => {
        if (!isTransferred) return copied(list(bytes, each, make));
        const value = list(Math.min(bytes, each * MAX_TRANSFERRED), each, make);
        return { value, transfer: value as Transferable[] };
      },
    ]);
    if (!isTransferred) {
      shapes.push([
        `${name}, again and again`,
        (bytes) => {
          const again = make(0);
          // Objects are referenced, and other values are written again.
          const size = typeof again === "object" ? REFERENCE_BYTES : each;
          return copied(list(bytes, size, () => again));
        },
      ]);
    }
  }
  if (hold) {
    shapes.push(
      [`${name}, nested`, (bytes) => copied(chain(bytes, (inner) => hold(inner, 1)))],
      [`${name}, doubled`, () => copied(doubled(hold))],
    );
  }
  return shapes;
}

const copied = (value: unknown): Posted => ({ value, transfer: [] });

function list<T>(bytes: number, each: number, make: (index: number) => T): T[] {
  const length = Math.min(MAX_VALUES, Math.max(1, Math.floor(bytes / each)));
  return Array.from({ length }, (_, index) => make(index));
}

const members = (bytes: number): object => Object.fromEntries(list(bytes, 12, (i) => [`k${i}`, 1]));

function bitmap(width: number, height: number): ImageBitmap {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.fillRect(0, 0, 1, 1);
  return canvas.transferToImageBitmap();
}

function chain(bytes: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < Math.min(bytes / 20, MAX_CHAIN); i += 1) value = wrap(value);
  return value;
}

/** A few objects that a reader would walk 2⁴⁰ times. */
function doubled(hold: (one: unknown, other: unknown) => unknown): unknown {
  let value = hold("x", "y");
  for (let i = 0; i < DOUBLINGS; i += 1) value = hold(value, value);
  return value;
}

function mixture(bytes: number, random: Random, depth: number): unknown {
  const leaves = ["string", "bigint", "array", "object", "Map", "Set", "RegExp", "Error"] as const;
  const leaf = leaves[Math.floor(random() * leaves.length)] ?? "string";
  if (depth > 4 || bytes < 2_000) return KINDS[leaf]?.large?.(Math.ceil(bytes));
  const parts = 1 + Math.floor(random() * 6);
  const inner = Array.from({ length: parts }, () => mixture(bytes / parts, random, depth + 1));
  return random() < 0.5 ? inner : Object.fromEntries(inner.map((value, i) => [`k${i}`, value]));
}
