/** A peer that owns the port and sends what it likes, against the channel as the host sets it up. */
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { BridgeError } from "../errors/bridge-error.ts";
import { CHANNEL_LIMITS, type ChannelLimits } from "../limits.ts";
import { createTestClock, nextTask, type TestClock } from "../testing/test-clock.ts";
import { createChannel, type Channel, type IncomingCall } from "./channel.ts";
import { createGate } from "./gate.ts";
import { sparingPort } from "./sparing-port.ts";

interface Attack {
  readonly channel: Channel;
  readonly clock: TestClock;
  /** What the peer's port has received. */
  readonly answers: unknown[][];
  readonly calls: IncomingCall[];
  readonly violations: string[];
  readonly ended: BridgeError[];
  send(message: unknown): Promise<void>;
}

const ports: MessagePort[] = [];

function attack(
  limits: Partial<ChannelLimits> = {},
  call: (call: IncomingCall) => unknown = () => "ok",
): Attack {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const all = { ...CHANNEL_LIMITS, ...limits };
  const clock = createTestClock();
  const answers: unknown[][] = [];
  const calls: IncomingCall[] = [];
  const violations: string[] = [];
  const ended: BridgeError[] = [];
  port2.addEventListener("message", ({ data }) => answers.push(...(data as unknown[][])));
  port2.start();
  const gate = createGate(all, clock);
  const channel: Channel = createChannel({
    port: sparingPort(port1, gate, (violation) => channel.violation(violation)),
    clock,
    limits: all,
    receive: gate.receive,
    hold: gate.createHold(),
    onViolation: ({ code }) => violations.push(code),
    handlers: {
      call: (incoming) => {
        calls.push(incoming);
        return call(incoming);
      },
      event: () => undefined,
      ended: (error) => ended.push(error),
      report: () => undefined,
    },
  });
  return {
    channel,
    clock,
    answers,
    calls,
    violations,
    ended,
    async send(message) {
      port2.postMessage(message);
      await nextTask();
      await nextTask();
    },
  };
}

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** 2^40 values when walked as a tree. */
const bomb = (): unknown => {
  let value: unknown = ["x"];
  for (let i = 0; i < 40; i += 1) value = [value, value];
  return value;
};

const loop = (): unknown => {
  const value: unknown[] = [];
  value.push(value);
  return value;
};

describe("a malformed message", () => {
  it.each([
    ["nothing", undefined],
    ["a text", "call"],
    ["an object", { 0: ["call", 1, "x", []], length: 1 }],
    ["no frames", []],
    ["a frame that is an object", [{ kind: "call" }]],
    ["an unknown kind", [["eval", 1]]],
    ["a kind from the prototype", [["constructor", 1]]],
    ["a call without an id", [["call", "x", []]]],
    ["a call with id 0", [["call", 0, "x", []]]],
    ["a call with a negative id", [["call", -1, "x", []]]],
    ["a call with a fraction as id", [["call", 1.5, "x", []]]],
    ["a call with an id beyond safe integers", [["call", 2 ** 53, "x", []]]],
    ["a call with arguments that are not a list", [["call", 1, "x", { length: 1 }]]],
    ["a call with a malformed method name", [["call", 1, "a b", []]]],
    ["a call of __proto__", [["call", 1, "__proto__", []]]],
    ["a call with more than it has", [["call", 1, "x", [], "more"]]],
    ["a list of frames with a member", Object.assign([["close"]], { note: "x" })],
    ["boxed characters", new String("x")],
    ["a call with boxed characters", [["call", 1, "x", [new String("x")]]]],
    ["a call with a cycle", [["call", 1, "x", [loop()]]]],
    ["an event of a malformed topic", [["event", "../x", 1]]],
    ["an error without a code", [["error", 1, { message: "m" }]]],
    ["a state frame, which only hosts send", [["state", "session", null]]],
    [
      "a refusal, which only hosts send",
      [["refused", "a:b", { code: "X", message: "", correlationId: "" }]],
    ],
  ])("is refused and counted: %s", async (_what, message) => {
    const peer = attack();
    await peer.send(message);
    expect(peer.violations).toEqual(["FRAME_MALFORMED"]);
    expect(peer.calls).toEqual([]);
    expect(peer.channel.isOpen).toBe(true);
  });

  it("is refused whole: a valid call in it is answered with the reason and not made", async () => {
    const peer = attack();
    await peer.send([
      ["call", 1, "x", []],
      ["eval", 1],
    ]);
    expect(peer.calls).toEqual([]);
    expect(peer.answers).toMatchObject([["error", 1, { code: "FRAME_MALFORMED" }]]);
  });

  it("ends the channel after maxViolations of them, and later messages are ignored", async () => {
    const peer = attack({ maxViolations: 3 });
    for (let i = 0; i < 3; i += 1) await peer.send("junk");
    expect(peer.channel.isOpen).toBe(false);
    expect(peer.ended.map(({ code }) => code)).toEqual(["FRAME_MALFORMED"]);
    expect(peer.answers.at(-1)).toEqual(["close"]);
    await peer.send([["call", 1, "x", []]]);
    expect(peer.calls).toEqual([]);
  });

  it("never throws, hangs or makes a call, whatever it is", async () => {
    const peer = attack({ maxViolations: Infinity });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
          fc.array(fc.array(fc.anything(), { maxLength: 5 }), { maxLength: 4 }),
        ),
        async (message) => {
          try {
            await peer.send(message);
          } catch (error) {
            expect((error as Error).name).toBe("DataCloneError");
          }
          expect(peer.channel.isOpen).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
    expect(peer.calls).toEqual([]);
  });
});

/** `[<hole>, 1]` and one long member. */
function holeAnd(name: string): unknown {
  return Object.assign([], { 1: 1, [name]: "x".repeat(3_000) });
}

describe("an oversized message", () => {
  it.each([
    ["text beyond maxMessageBytes", "x".repeat(3_000)],
    ["binary beyond maxBinaryBytes", new Uint8Array(3_001)],
    ["a list that claims to be huge", Object.assign([], { length: 4_000_000_000 })],
    ["nesting beyond maxDepth", nested(80)],
    ["shared references that grow without end", bomb()],
    ["many keys", Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, 1]))],
    ["a map", new Map(Array.from({ length: 300 }, (_, i) => [i, i]))],
    ["a set", new Set(Array.from({ length: 600 }, (_, i) => i))],
    ["an error with a long message", new Error("x".repeat(3_000))],
    ["a long regular expression", new RegExp("x".repeat(3_000))],
    ["a list with a long member", Object.assign([1], { note: "x".repeat(3_000) })],
    // As many keys as items, and a name that only looks like an index.
    ["a list with a hole and a long member", holeAnd("4294967295")],
    ["a list with a member under a number", holeAnd("-1")],
    ["a list of lists with holes", [Object.assign([], { length: 4_000 })]],
  ])("is refused: %s", async (_what, value) => {
    const peer = attack({ maxMessageBytes: 3_000, maxBinaryBytes: 3_000 });
    await peer.send([["call", 1, "x", [value]]]);
    expect(peer.calls).toEqual([]);
    expect(peer.answers).toMatchObject([["error", 1, { code: "FRAME_TOO_LARGE" }]]);
  });

  it("is refused: more frames than maxFramesPerMessage", async () => {
    const peer = attack({ maxFramesPerMessage: 5 });
    await peer.send(Array.from({ length: 6 }, (_, i) => ["call", i + 1, "x", []]));
    expect(peer.violations).toEqual(["FRAME_TOO_LARGE"]);
    expect(peer.calls).toEqual([]);
  });

  it("is accepted when it is just within the limits", async () => {
    const peer = attack({ maxMessageBytes: 3_000 });
    await peer.send([["call", 1, "x", ["x".repeat(2_800)]]]);
    expect(peer.answers).toEqual([["result", 1, "ok"]]);
  });

  it.each([
    ["text", () => "x".repeat(10_000_000)],
    ["binary data", () => new Uint8Array(10_000_000)],
    [
      "records",
      () => Array.from({ length: 100_000 }, (_, id) => ({ id, name: "x".repeat(60), open: true })),
    ],
  ])("is accepted by default with 10 MB of %s", async (_what, value) => {
    const peer = attack();
    await peer.send([["call", 1, "x", [value()]]]);
    expect(peer.answers).toEqual([["result", 1, "ok"]]);
  });

  it("is refused in a flood, until time has passed", async () => {
    const peer = attack({ frameBurst: 10, maxFramesPerSecond: 5 });
    const flood = (from: number, count: number): unknown =>
      Array.from({ length: count }, (_, i) => ["call", from + i, "x", []]);
    await peer.send(flood(1, 10));
    expect(peer.calls).toHaveLength(10);
    await peer.send(flood(11, 1));
    expect(peer.answers.at(-1)).toMatchObject(["error", 11, { code: "FRAME_RATE_EXCEEDED" }]);
    await peer.clock.advance(1_000);
    await peer.send(flood(12, 5));
    expect(peer.calls).toHaveLength(15);
  });
});

describe("bytes beyond the budget of a second", () => {
  const limits = { maxMessageBytes: 1_000, maxBinaryBytes: 1_000, maxBytesPerSecond: 500 };

  it.each([
    ["text", () => "x".repeat(900), "FRAME_RATE_EXCEEDED"],
    ["binary data", () => new Uint8Array(900), "FRAME_RATE_EXCEEDED"],
    ["a refused type after text", () => ["x".repeat(800), new String("x")], "FRAME_MALFORMED"],
    ["text beyond maxMessageBytes", () => "x".repeat(1_500), "FRAME_TOO_LARGE"],
  ])(
    "are refused, and not read below minus one burst, until time has passed: %s",
    async (_what, value, refusal) => {
      const peer = attack({ ...limits, byteBurst: 2_000, maxViolations: Infinity });
      let id = 0;
      const call = async (argument: unknown): Promise<unknown> => {
        id += 1;
        await peer.send([["call", id, "x", [argument]]]);
        const answer = peer.answers.find(([, answered]) => answered === id)?.[2] ?? "unread";
        return (answer as { code?: string }).code ?? answer;
      };
      const outcomes: unknown[] = [];
      for (let i = 0; i < 12; i += 1) outcomes.push(await call(value()));
      expect(outcomes).toContain(refusal);
      expect(outcomes.at(-1)).toBe("unread");
      // Even the largest debt is paid in the time of two bursts.
      await peer.clock.advance(8_000);
      expect(await call("small")).toBe("ok");
    },
  );

  it.each<[what: string, message: () => unknown]>([
    ["is not a list", () => "x".repeat(900)],
    ["has too many frames", () => Array.from({ length: 2_000 }, () => ["close"])],
    ["has named members", () => Object.assign([["x".repeat(900)]], { more: 1 })],
  ])("are not read below minus one burst when each %s", async (_what, message) => {
    const peer = attack({ ...limits, byteBurst: 2_000, maxViolations: Infinity });
    for (let i = 0; i < 12; i += 1) await peer.send(message());
    await peer.send([["call", 1, "x", ["small"]]]);
    expect(peer.answers).toEqual([]);
    await peer.clock.advance(8_000);
    await peer.send([["call", 2, "x", ["small"]]]);
    expect(peer.answers).toEqual([["result", 2, "ok"]]);
  });

  const wide = (): unknown =>
    Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, 1]));

  it.each<[what: string, value: () => unknown]>([
    ["many keys", wide],
    ["a list that claims to be huge", () => Object.assign([], { length: 4_000_000_000 })],
    ["nesting beyond maxDepth", () => [nested(80), wide()]],
    ["a cycle", () => [loop(), wide()]],
    ["a huge BigInt", () => [1n << 5_000n, wide()]],
    ["a refused type before many keys", () => [new String("x"), wide()]],
    ["binary data beyond the limit", () => [new ArrayBuffer(1_001), wide()]],
  ])("are spent whole by a message that is not looked at to its end: %s", async (_what, value) => {
    const peer = attack({ ...limits, byteBurst: 100_000, maxViolations: Infinity });
    for (let i = 1; i <= 4; i += 1) await peer.send([["call", i, "x", [value()]]]);
    // Two of them overdraw the budget by a burst, and the fourth is not read.
    expect(peer.answers.map(([, id]) => id)).toEqual([1, 2]);
    await peer.clock.advance(200_000);
    await peer.send([["call", 5, "x", ["small"]]]);
    expect(peer.answers.at(-1)).toEqual(["result", 5, "ok"]);
  });

  it.each<[what: string, message: () => unknown[]]>([
    ["beside it in a value", () => [["call", 1, "x", [new String("x"), "y".repeat(800)]]]],
    [
      "in a later frame",
      () => [
        ["event", "a", new String("x")],
        ["event", "b", "y".repeat(800)],
      ],
    ],
  ])("count what a message of a refused type has %s", async (_what, message) => {
    const peer = attack({ ...limits, byteBurst: 2_000, maxViolations: Infinity });
    for (let i = 0; i < 6; i += 1) await peer.send(message());
    expect(peer.violations.at(0)).toBe("FRAME_MALFORMED");
    expect(peer.violations.at(-1)).toBe("FRAME_RATE_EXCEEDED");
  });

  it("let one message of the largest size pass with any burst", async () => {
    const peer = attack({ ...limits, byteBurst: 1 });
    await peer.send([["call", 1, "x", ["x".repeat(800), new Uint8Array(1_000)]]]);
    expect(peer.answers).toEqual([["result", 1, "ok"]]);
  });

  it("end the channel when the guest goes on", async () => {
    const peer = attack({ ...limits, byteBurst: 1, maxViolations: 8 });
    for (let id = 1; id < 20; id += 1) await peer.send([["call", id, "x", ["x".repeat(900)]]]);
    expect(peer.channel.isOpen).toBe(false);
    expect(peer.ended.map(({ code }) => code)).toEqual(["FRAME_RATE_EXCEEDED"]);
  });
});

describe("hostile calls", () => {
  it("are refused beyond maxCallsInFlight, and are possible again after aborts", async () => {
    const peer = attack({ maxCallsInFlight: 2 }, () => new Promise(() => {}));
    await peer.send([1, 2, 3].map((id) => ["call", id, "hang", []]));
    expect(peer.calls).toHaveLength(2);
    expect(peer.answers).toMatchObject([["error", 3, { code: "CALL_LIMIT_EXCEEDED" }]]);
    await peer.send([
      ["abort", 1],
      ["call", 4, "hang", []],
    ]);
    expect(peer.calls).toHaveLength(3);
  });

  it("are refused beyond maxBytesInFlight until handlers settle, even those of aborted calls", async () => {
    const replies: PromiseWithResolvers<string>[] = [];
    const peer = attack({ maxMessageBytes: 3_000, maxBytesInFlight: 5_000 }, () => {
      const reply = Promise.withResolvers<string>();
      replies.push(reply);
      return reply.promise;
    });
    const call = (id: number): Promise<void> => peer.send([["call", id, "x", ["x".repeat(2_000)]]]);
    for (const id of [1, 2, 3]) await call(id);
    expect(peer.calls).toHaveLength(2);
    expect(peer.answers).toMatchObject([["error", 3, { code: "CALL_LIMIT_EXCEEDED" }]]);
    expect(peer.violations).toEqual([]);
    await peer.send([["abort", 1]]);
    await call(4);
    expect(peer.answers.at(-1)).toMatchObject(["error", 4, { code: "CALL_LIMIT_EXCEEDED" }]);
    replies[0]?.resolve("late");
    await call(5);
    expect(peer.calls).toHaveLength(3);
    replies[1]?.reject(new Error("failed"));
    await call(6);
    expect(peer.calls).toHaveLength(4);
    expect(peer.answers.filter(([kind]) => kind === "error").map(([, id]) => id)).toEqual([
      3, 4, 2,
    ]);
  });

  it("of the largest size are possible with any maxBytesInFlight", async () => {
    const peer = attack(
      { maxMessageBytes: 3_000, maxBytesInFlight: 1 },
      () => new Promise(() => {}),
    );
    await peer.send([["call", 1, "x", ["x".repeat(2_800)]]]);
    expect(peer.calls).toHaveLength(1);
  });

  it("in one message count their own bytes only", async () => {
    const peer = attack({ maxMessageBytes: 3_000, maxBytesInFlight: 3_000 }, ({ method }) =>
      method === "hang" ? new Promise(() => {}) : "ok",
    );
    for (const id of [1, 3, 5]) {
      await peer.send([
        ["call", id, "x", ["x".repeat(2_000)]],
        ["call", id + 1, "hang", []],
      ]);
    }
    expect(peer.calls).toHaveLength(6);
    expect(peer.violations).toEqual([]);
  });

  it.each([
    ["again while the first runs", [7, 7]],
    ["again after it was answered", [7, 8, 7]],
    ["with an id lower than one before", [7, 3]],
  ])("are refused when an id arrives %s", async (_what, ids) => {
    const peer = attack();
    for (const id of ids) await peer.send([["call", id, "x", []]]);
    expect(peer.calls).toHaveLength(ids.length - 1);
    expect(peer.violations).toEqual(["FRAME_MALFORMED"]);
  });

  it("get no answer after an abort", async () => {
    const reply = Promise.withResolvers<string>();
    const peer = attack({}, () => reply.promise);
    await peer.send([["call", 1, "x", []]]);
    await peer.send([["abort", 1]]);
    reply.resolve("late");
    await nextTask();
    expect(peer.answers).toEqual([]);
  });
});

describe("hostile answers", () => {
  it("are ignored when no call waits for them, or when they arrive twice", async () => {
    const peer = attack();
    await peer.send([["result", 1, "forged"]]);
    const call = peer.channel.call("x", []);
    await nextTask();
    await peer.send([
      ["result", 1, "first"],
      ["result", 1, "second"],
      ["error", 1, { code: "SIGNED_OUT", message: "", correlationId: "" }],
    ]);
    expect(await call).toBe("first");
    expect(peer.violations).toEqual([]);
  });

  it("reject the call they belong to when the message is refused", async () => {
    const peer = attack({ maxMessageBytes: 1_000 });
    const refused = expect(peer.channel.call("x", [])).rejects.toMatchObject({
      code: "FRAME_TOO_LARGE",
    });
    await nextTask();
    await peer.send([["result", 1, "x".repeat(1_000)]]);
    await refused;
  });

  it.each([
    ["keep a code that only a newer version knows", "BRAND_NEW", { code: "BRAND_NEW" }],
    [
      "become CALL_FAILED when their code has another form",
      "<b>x</b>",
      { code: "CALL_FAILED", details: { remoteCode: "<b>x</b>" } },
    ],
  ])("%s", async (_what, code, expected) => {
    const peer = attack();
    const rejected = expect(peer.channel.call("x", [])).rejects.toMatchObject(expected);
    await nextTask();
    await peer.send([["error", 1, { code, message: "m", correlationId: "c" }]]);
    await rejected;
  });
});
