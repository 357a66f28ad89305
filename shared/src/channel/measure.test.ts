/** The work of looking at a message, for each type that structured clone carries: steps, never times. */
import * as fc from "fast-check";
import { serialize } from "node:v8";
import { afterAll, describe, expect, it } from "vitest";
import { BridgeError } from "../errors/bridge-error.ts";
import { CHANNEL_LIMITS } from "../limits.ts";
import { Measurement } from "./measure.ts";

interface Outcome {
  readonly steps: number;
  readonly bytes: number;
  readonly code: string | undefined;
  readonly text?: unknown;
}

function look(value: unknown, limits = CHANNEL_LIMITS): Outcome {
  const measurement = new Measurement(limits);
  try {
    const bytes = measurement.of(value);
    return { bytes, steps: measurement.steps, code: undefined };
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    return { bytes: Infinity, steps: measurement.steps, code: error.code, text: error.message };
  }
}

const { port1, port2 } = new MessageChannel();

afterAll(() => port1.close());

/** The value as the other side of a port gets it. */
function posted(value: unknown, transfer: readonly object[] = []): Promise<unknown> {
  const received = new Promise<unknown>((resolve) => {
    port2.addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
  port2.start();
  port1.postMessage(value, transfer as ArrayBuffer[]);
  return received;
}

const MB = 1_000_000;
const SHAPES = ["large", "deep", "wide", "repeated"] as const;
type Shape = (typeof SHAPES)[number];

/** A value inside 60 values of a kind. */
function deep(wrap: (inner: unknown) => unknown, inner: unknown = 1): unknown {
  let value = inner;
  for (let i = 0; i < 60; i += 1) value = wrap(value);
  return value;
}

/** 2⁵⁰ values for a reader, in 50 objects. */
function repeated(wrap: (one: unknown, other: unknown) => unknown): unknown {
  let value = wrap("x", "y");
  for (let i = 0; i < 50; i += 1) value = wrap(value, value);
  return value;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** One value of a type, repeated as the shapes that have no parts of their own need it. */
function plain(small: unknown, large: unknown): Record<Shape, unknown> {
  return {
    large,
    deep: deep((inner) => [inner], small),
    wide: times(1_000, () => structuredClone(small)),
    repeated: times(1_000, () => small),
  };
}

const view = new Uint8Array(new ArrayBuffer(10 * MB), 0, 1);
const cause = (inner: unknown): Error => new Error("x", { cause: inner });

const CARRIED: Readonly<Record<string, Record<Shape, unknown>>> = {
  undefined: plain(undefined, undefined),
  null: plain(null, null),
  boolean: plain(true, false),
  number: plain(1, Number.MAX_VALUE),
  string: plain("x", "x".repeat(10 * MB)),
  bigint: plain(1n, -(1n << 4_000n)),
  Date: plain(new Date(0), new Date(8.64e15)),
  RegExp: plain(/x/, new RegExp("/".repeat(10_000))),
  ArrayBuffer: plain(new ArrayBuffer(1), new ArrayBuffer(10 * MB)),
  "resizable ArrayBuffer": plain(
    new ArrayBuffer(1, { maxByteLength: 2 }),
    new ArrayBuffer(1, { maxByteLength: 10 * MB }),
  ),
  Uint8Array: plain(new Uint8Array(1), view),
  Float64Array: plain(new Float64Array(1), new Float64Array(MB)),
  BigInt64Array: plain(new BigInt64Array(1), new BigInt64Array(MB)),
  DataView: plain(new DataView(new ArrayBuffer(1)), new DataView(view.buffer)),
  Blob: plain(new Blob(["x"]), new Blob(["x".repeat(10 * MB)])),
  array: {
    large: times(10_000, (i) => i),
    deep: deep((inner) => [inner]),
    wide: times(1_000, (i) => [i]),
    repeated: repeated((one, other) => [one, other]),
  },
  "array with holes": {
    large: Object.assign([], { length: 1_500_000, 7: 1, 1_499_999: 1 }),
    deep: deep((inner) => Object.assign([], { 3: inner })),
    wide: times(1_000, () => Object.assign([], { length: 1_000 })),
    repeated: repeated((one, other) => Object.assign([], { 2: one, 4: other })),
  },
  "array with named members": {
    large: Object.assign([], Object.fromEntries(times(10_000, (i) => [`k${i}`, i]))),
    deep: deep((inner) => Object.assign([], { inner })),
    wide: times(1_000, (i) => Object.assign([], { i })),
    repeated: repeated((one, other) => Object.assign([], { one, other })),
  },
  object: {
    large: Object.fromEntries(times(10_000, (i) => [`k${i}`, i])),
    deep: deep((inner) => ({ inner })),
    wide: times(1_000, (i) => ({ i })),
    repeated: repeated((one, other) => ({ one, other })),
  },
  Map: {
    large: new Map(times(10_000, (i) => [i, i])),
    deep: deep((inner) => new Map([[inner, inner]])),
    wide: times(1_000, (i) => new Map([[i, i]])),
    repeated: repeated((one, other) => new Map([[one, [other]]])),
  },
  Set: {
    large: new Set(times(10_000, (i) => i)),
    deep: deep((inner) => new Set([inner])),
    wide: times(1_000, (i) => new Set([i])),
    repeated: repeated((one, other) => new Set([one, [other]])),
  },
  Error: {
    large: new Error("x".repeat(MB)),
    deep: deep(cause),
    wide: times(1_000, (i) => new TypeError(`${i}`)),
    repeated: repeated((one, other) => cause([one, other])),
  },
};

/** A step for each byte, and walking again what is too small to remember. */
function affordable(value: unknown): number {
  let wire: number;
  try {
    wire = serialize(value).byteLength;
  } catch {
    // A Blob, which V8 alone cannot serialise.
    wire = Array.isArray(value) ? value.length : 1;
  }
  return 64 * (wire + 1);
}

describe("a measurement", () => {
  const table = Object.entries(CARRIED).flatMap(([type, values]) =>
    SHAPES.map((shape) => [shape, type, values[shape]] as const),
  );

  it.each(table)("takes a bounded number of steps for a %s %s", async (_shape, _type, value) => {
    const { steps, code } = look(await posted(value));
    expect(steps).toBeLessThanOrEqual(Math.min(affordable(value), 50_000));
    expect([undefined, "FRAME_TOO_LARGE"]).toContain(code);
  });

  it.each([
    ["characters", new String("x".repeat(10 * MB))],
    ["a number", new Number(1)],
    ["a boolean", new Boolean(true)],
    ["a BigInt", Object(1n)],
    ["a BigInt of 8 MB", Object(1n << 64_000_000n)],
  ])("refuses a boxed primitive and reads no member of it: %s", async (_what, value) => {
    expect(look(await posted(value))).toMatchObject({ steps: 4, code: "FRAME_MALFORMED" });
  });

  it("refuses shared memory and objects that messages do not need", async () => {
    const shared = new SharedArrayBuffer(8);
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, [
      "encrypt",
    ]);
    for (const value of [shared, new Uint8Array(shared), key]) {
      expect(look(value)).toMatchObject({ steps: 4, code: "FRAME_MALFORMED" });
    }
  });

  it.each([1n << 4_096n, -(1n << 4_096n), 1n << 64_000_000n])(
    "refuses a BigInt of more than 4 096 bits",
    (value) => {
      expect(look(value)).toMatchObject({ steps: 0, code: "FRAME_TOO_LARGE" });
    },
  );

  it.each([
    ["a small BigInt", -(2n ** 63n), 8],
    ["the largest BigInt", (1n << 4_096n) - 1n, 8 + 512],
    ["a view, with its whole buffer", view, 8 + 10 * MB],
    ["two views of one buffer", [view, new DataView(view.buffer)], 10 + 16 + 10 * MB],
    ["a resizable buffer", new ArrayBuffer(1, { maxByteLength: 1_000 }), 8 + 1_000],
    ["a list of holes", Object.assign([], { length: 1_000 }), 8 + 1_000 + 8_000],
    [
      "a Blob of any size, by its handle",
      new Blob(["x".repeat(MB)], { type: "a/b" }),
      8 + 4_096 + 3,
    ],
  ])("counts %s", async (_what, value, bytes) => {
    expect(look(await posted(value)).bytes).toBe(bytes);
  });

  it("counts a port and streams by the pipes that the browser keeps", async () => {
    const port = new MessageChannel().port1;
    const received = await posted(port, [port]);
    expect(look(received).bytes).toBe(8 + 4_096);
    (received as MessagePort).close();
    for (const stream of [new ReadableStream(), new WritableStream(), new TransformStream()])
      expect(look(stream).bytes).toBe(8 + 4_096);
  });

  it("counts a wide object or list by the table of its members, not by its text alone", () => {
    const wide = Object.fromEntries(times(300_000, (i) => [`k${i}`, 1]));
    for (const [value, allowed] of [
      [wide, 420_000],
      // Whose names are listed first.
      [Object.assign([], wide), 420_000 + 300_000],
    ] as const) {
      const { steps, code } = look(value);
      expect(code).toBe("FRAME_TOO_LARGE");
      expect(steps).toBeLessThan(allowed);
    }
  });

  it("refuses a length of four thousand million in one step", () => {
    const value = Object.assign([], { length: 4_000_000_000 });
    expect(look(value)).toMatchObject({ steps: 0, code: "FRAME_TOO_LARGE" });
  });

  it("counts a shared object as often as a reader walks it", () => {
    const list = times(1_000, (i) => ({ i }));
    const once = look(list).bytes;
    const three = look([list, list, list]);
    expect(three.bytes).toBe(8 + 3 + 3 * once);
    expect(three.steps).toBe(look(list).steps + 1 + 3 + 2);
  });

  it("counts the depth of a shared object from where it stands", () => {
    const limits = { ...CHANNEL_LIMITS, maxDepth: 10 };
    const shared: unknown = [times(100, (i) => i)];
    expect(look([shared, [[[[[[[[shared]]]]]]]]], limits).code).toBeUndefined();
    expect(look([shared, [[[[[[[[[shared]]]]]]]]]], limits).code).toBe("FRAME_TOO_LARGE");
  });

  it("refuses a value that contains itself, and says so", () => {
    const cycle: unknown[] = times(1_000, (i) => i);
    cycle.unshift(cycle);
    cycle.push(cycle);
    expect(look(cycle)).toMatchObject({ steps: 65 * (1 + 1_002), code: "FRAME_MALFORMED" });
    const parent: Record<string, unknown> = { name: "parent" };
    parent["children"] = [new Map([["first", { parent }]])];
    const error = new Error("x");
    error.cause = new Set([error]);
    for (const value of [parent, { parent }, error]) {
      expect(look(value)).toMatchObject({
        code: "FRAME_MALFORMED",
        text: expect.stringContaining("contains itself") as string,
      });
    }
    expect(look(deep((inner) => [[inner]]))).toMatchObject({ code: "FRAME_TOO_LARGE" });
  });

  it("takes no more steps for a small message than it has values and keys", () => {
    // 4 items, 1 item, 2 members and 2 items count twice, and the message once.
    expect(look(["call", 1, "open", [{ id: "c-1", tags: ["a", "b"] }]]).steps).toBe(2 * 9 + 1);
  });

  const most = { ...CHANNEL_LIMITS, maxMessageValues: 1_000 };
  it.each([
    ["numbers", (count: number) => times(count, (i) => i)],
    ["texts", (count: number) => times(count, (i) => `${i}`)],
    ["lists", (count: number) => times(count, () => [])],
    ["members", (count: number) => Object.fromEntries(times(count, (i) => [`k${i}`, i]))],
  ])("refuses more than maxMessageValues: %s", (_what, make) => {
    expect(look(make(499), most).code).toBeUndefined();
    expect(look(make(500), most)).toMatchObject({
      code: "FRAME_TOO_LARGE",
      text: expect.stringContaining("more than 1000 values and keys") as string,
    });
    // The limit bounds the work, whatever the number of values.
    expect(look(make(50_000), most).steps).toBeLessThanOrEqual(1_001);
  });

  it.each([
    ["entries of a Map", (count: number) => new Map(times(count, (i) => [i, i])), 498],
    ["items of a Set", (count: number) => new Set(times(count, (i) => i)), 498],
    ["dates", (count: number) => times(count, () => new Date(0)), 199],
    [
      "views of one buffer",
      (count: number) => times(count, () => new Uint8Array(view.buffer)),
      199,
    ],
    ["boxed numbers", (count: number) => times(count, () => new Number(1)), 199],
  ])(
    "refuses more than maxMessageValues, with the type of each object: %s",
    (_what, make, allowed) => {
      expect(look(make(allowed), most).code).not.toBe("FRAME_TOO_LARGE");
      expect(look(make(allowed + 1), most).code).toBe("FRAME_TOO_LARGE");
    },
  );

  it("looks at the keys of a long list that contains itself only up to maxMessageValues", () => {
    const cycle: unknown[] = times(100, (i) => i);
    cycle.unshift(cycle);
    expect(look(cycle, most)).toMatchObject({ code: "FRAME_TOO_LARGE" });
    expect(look(cycle, most).steps).toBeLessThanOrEqual(1_000);
  });

  it("takes steps in proportion to what was posted, whatever refers to what", () => {
    const leaf = fc.oneof(fc.integer(), fc.string(), fc.bigInt(), fc.constant(undefined));
    const node = fc.record({
      kind: fc.nat(4),
      parts: fc.array(fc.nat(2), { maxLength: 6, size: "max" }),
      leaf,
    });
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 40, size: "max" }), (nodes) => {
        const built: unknown[] = [];
        for (const { kind, parts, leaf: own } of nodes) {
          // References point back to one of the last three nodes, so that a reader meets 6ⁿ of them.
          const refer = (part: number): unknown => built.at(-1 - part) ?? own;
          built.push(construct(kind, [own, ...parts.map(refer)]));
        }
        const message = structuredClone(built);
        const { steps, code } = look(message);
        expect(steps).toBeLessThanOrEqual(affordable(message));
        expect([undefined, "FRAME_TOO_LARGE"]).toContain(code);
      }),
      // Smaller counterexamples take minutes to find.
      { endOnFailure: true },
    );
  });
});

function construct(kind: number, parts: readonly unknown[]): unknown {
  switch (kind) {
    case 0:
      return [...parts];
    case 1:
      return Object.fromEntries(parts.map((part, i) => [`k${i}`, part]));
    case 2:
      return new Map(parts.map((part, i) => [i, part]));
    case 3:
      return new Set(parts);
    default:
      return new Error("x", { cause: [...parts] });
  }
}
