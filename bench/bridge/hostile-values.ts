/** Values of every type that structured clone carries, in sizes and shapes that a seed chooses. */

export type Random = () => number;

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A value of about so many bytes. A size of 1 000 000 is a tenth of a message's limit. */
type Make = (bytes: number, random: Random) => unknown;

const list = <T>(bytes: number, each: number, make: (index: number) => T): T[] =>
  Array.from({ length: Math.max(1, Math.floor(bytes / each)) }, (_, index) => make(index));

function chain(bytes: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < Math.min(bytes / 20, 3_000); i += 1) value = wrap(value);
  return value;
}

export const HOSTILE_VALUES: Readonly<Record<string, Make>> = {
  string: (bytes) => "x".repeat(bytes),
  "boxed string": (bytes) => new String("x".repeat(bytes)),
  "boxed numbers": (bytes) => list(bytes, 12, (i) => new Number(i)),
  bigint: (bytes) => 1n << BigInt(bytes * 8),
  bigints: (bytes) => list(bytes, 16, (i) => BigInt(i) << 64n),
  array: (bytes) => list(bytes, 6, (i) => i),
  "array of arrays": (bytes) => list(bytes, 8, () => []),
  "array with holes": (bytes) => Object.assign([], { length: bytes, 7: 1, [bytes - 1]: 1 }),
  "array with named members": (bytes) =>
    Object.assign([], Object.fromEntries(list(bytes, 14, (i) => [`k${i}`, 1]))),
  object: (bytes) => Object.fromEntries(list(bytes, 14, (i) => [`k${i}`, 1])),
  "object with long names": (bytes) =>
    Object.fromEntries(list(bytes, 1_000, (i) => [`${i}${"k".repeat(990)}`, 1])),
  objects: (bytes) => list(bytes, 16, (i) => ({ i })),
  "nested objects": (bytes) => chain(bytes, (inner) => ({ inner })),
  "nested arrays": (bytes) => chain(bytes, (inner) => [inner]),
  "repeated references": () => {
    let value: unknown = "x";
    for (let i = 0; i < 40; i += 1) value = [value, value];
    return value;
  },
  Map: (bytes) => new Map(list(bytes, 12, (i) => [i, i])),
  "nested Maps": (bytes) => chain(bytes, (inner) => new Map([[1, inner]])),
  Set: (bytes) => new Set(list(bytes, 6, (i) => i)),
  Dates: (bytes) => list(bytes, 10, (i) => new Date(i)),
  RegExps: (bytes) => list(bytes, 12, () => /x/u),
  Errors: (bytes) => list(bytes, 200, () => new Error("x")),
  "Errors with causes": (bytes) => chain(bytes, (cause) => new Error("x", { cause })),
  ArrayBuffer: (bytes) => new ArrayBuffer(bytes),
  "views of one buffer": (bytes) => {
    const buffer = new ArrayBuffer(bytes);
    return list(bytes, 100, (i) => new Uint8Array(buffer, i, 1));
  },
  Blobs: (bytes) => list(bytes, 2_000, () => new Blob(["x"])),
  File: (bytes) => new File([new Uint8Array(bytes)], "x"),
  ImageData: (bytes) => new ImageData(Math.max(1, Math.floor(bytes / 400)), 100),
  ImageBitmap: (bytes) =>
    new OffscreenCanvas(Math.max(1, Math.floor(bytes / 4_000)), 1_000).transferToImageBitmap(),
  DOMMatrix: (bytes) => list(bytes, 140, () => new DOMMatrix()),
  DOMRects: (bytes) => list(bytes, 40, () => new DOMRect()),
  mixture: (bytes, random) => mixture(bytes, random, 0),
};

function mixture(bytes: number, random: Random, depth: number): unknown {
  const leaves = ["string", "bigint", "array", "object", "Dates", "Map", "RegExps"] as const;
  const leaf = leaves[Math.floor(random() * leaves.length)] ?? "string";
  if (depth > 4 || bytes < 2_000) return HOSTILE_VALUES[leaf]?.(Math.ceil(bytes), random);
  const parts = 1 + Math.floor(random() * 6);
  const inner = Array.from({ length: parts }, () => mixture(bytes / parts, random, depth + 1));
  return random() < 0.5 ? inner : Object.fromEntries(inner.map((value, i) => [`k${i}`, value]));
}
