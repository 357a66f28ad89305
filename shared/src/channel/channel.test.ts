import { afterEach, describe, expect, it } from "vitest";
import { BridgeError } from "../errors/bridge-error.ts";
import { CHANNEL_LIMITS, type ChannelLimits } from "../limits.ts";
import type { Frame } from "../protocol/frames.ts";
import { createTestClock, nextTask, type TestClock } from "../testing/test-clock.ts";
import { withTransfer } from "./call-options.ts";
import { createChannel, type Channel, type ChannelHandlers } from "./channel.ts";

interface Side {
  readonly channel: Channel;
  readonly ended: BridgeError[];
  readonly reports: unknown[];
  readonly messages: unknown[];
}

const open: MessagePort[] = [];

function connectTwo(
  handlers: { left?: Partial<ChannelHandlers>; right?: Partial<ChannelHandlers> } = {},
  options: { clock?: TestClock; limits?: Partial<ChannelLimits> } = {},
): { left: Side; right: Side; clock: TestClock } {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const clock = options.clock ?? createTestClock();
  const side = (port: MessagePort, own: Partial<ChannelHandlers> = {}): Side => {
    const ended: BridgeError[] = [];
    const reports: unknown[] = [];
    const messages: unknown[] = [];
    port.addEventListener("message", (event) => messages.push(event.data));
    const channel = createChannel({
      port,
      clock,
      limits: { ...CHANNEL_LIMITS, ...options.limits },
      handlers: {
        call: ({ method }) => {
          throw new BridgeError("CALL_METHOD_UNKNOWN", `no ${method}`);
        },
        ended: (error) => ended.push(error),
        report: (error) => reports.push(error),
        ...own,
      },
    });
    return { channel, ended, reports, messages };
  };
  return { left: side(port1, handlers.left), right: side(port2, handlers.right), clock };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "resolved",
    (error: unknown) => (BridgeError.is(error) ? error.code : String(error)),
  );

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

describe("calls", () => {
  it("resolve with what the handler returns, at once or later", async () => {
    const { left } = connectTwo({
      right: {
        call: ({ method, args }) =>
          method === "later" ? Promise.resolve(args[0]) : Number(args[0]) + 1,
      },
    });
    expect(await left.channel.call("now", [1])).toBe(2);
    expect(await left.channel.call("later", [{ a: [1] }])).toEqual({ a: [1] });
  });

  it("reject with the code that the handler chose", async () => {
    const { left } = connectTwo({
      right: {
        call: () => {
          throw new BridgeError("CAPABILITY_MISSING", "needs orders:read");
        },
      },
    });
    await expect(left.channel.call("x", [])).rejects.toMatchObject({
      code: "CAPABILITY_MISSING",
      message: "needs orders:read",
    });
  });

  it.each([
    ["an error", new Error("canary-secret")],
    ["a text", "canary-secret"],
    ["undefined", undefined],
    ["null", null],
    ["an object", { token: "canary-secret" }],
  ])(
    "reject with CALL_FAILED and no foreign text when a handler throws %s",
    async (_what, thrown) => {
      const { left, right } = connectTwo({
        right: {
          call: () => {
            // oxlint-disable-next-line typescript/only-throw-error -- the test is about thrown values
            throw thrown;
          },
        },
      });
      await expect(left.channel.call("x", [])).rejects.toMatchObject({ code: "CALL_FAILED" });
      expect(right.reports).toEqual([thrown]);
      expect(JSON.stringify(left.messages)).not.toContain("canary");
      expect(JSON.stringify(left.messages)).not.toContain("stack");
    },
  );

  it("reject with CALL_TIMEOUT and fire the callee's signal when the handler never settles", async () => {
    let signal: AbortSignal | undefined;
    const { left, clock } = connectTwo({
      right: {
        call: (call) => {
          ({ signal } = call);
          return new Promise(() => {});
        },
      },
    });
    const outcome = codeOf(left.channel.call("hang", [], { timeoutMs: 1_000 }));
    await clock.advance(999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await outcome).toBe("CALL_TIMEOUT");
    await nextTask();
    expect(signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("keep one timer for many calls, and none shortly after all are answered", async () => {
    const { left, clock } = connectTwo({ right: { call: () => 1 } });
    const calls = Array.from({ length: 50 }, () => left.channel.call("x", []));
    expect(clock.timers).toBe(1);
    await Promise.all(calls);
    await clock.advance(100);
    expect(clock.timers).toBe(0);
  });

  it("leave no timer after late answers or the end of the channel", async () => {
    const answer = Promise.withResolvers<number>();
    const { left, clock } = connectTwo({ right: { call: () => answer.promise } });
    const call = left.channel.call("x", []);
    await clock.advance(1_000);
    expect(clock.timers).toBe(1);
    answer.resolve(1);
    await call;
    expect(clock.timers).toBe(0);
    const lost = codeOf(left.channel.call("x", []));
    expect(clock.timers).toBe(1);
    left.channel.close();
    expect(await lost).toBe("CHANNEL_CLOSED");
    expect(clock.timers).toBe(0);
  });

  it("time out each at its own deadline, in whatever order they were made", async () => {
    const { left, clock } = connectTwo({ right: { call: () => new Promise(() => {}) } });
    const over: number[] = [];
    for (const timeoutMs of [5_000, 50, 2 ** 40, 300, 100]) {
      left.channel.call("x", [], { timeoutMs }).catch(() => over.push(timeoutMs));
    }
    const seen: number[][] = [];
    for (const ms of [49, 1, 49, 1, 199, 1, 4_699, 1]) {
      await clock.advance(ms);
      seen.push([...over]);
    }
    const [a, b, c, d] = [50, 100, 300, 5_000];
    expect(seen).toEqual([[], [a], [a], [a, b], [a, b], [a, b, c], [a, b, c], [a, b, c, d]]);
    left.channel.close();
  });

  it("never time out with an infinite timeout", async () => {
    const { left, clock } = connectTwo({ right: { call: () => new Promise(() => {}) } });
    const outcome = codeOf(left.channel.call("x", [], { timeoutMs: Infinity }));
    expect(clock.timers).toBe(0);
    left.channel.close();
    expect(await outcome).toBe("CHANNEL_CLOSED");
  });

  it("reject with CALL_ABORTED when the caller's signal fires, before or during the call", async () => {
    let signal: AbortSignal | undefined;
    const { left, clock } = connectTwo({
      right: {
        call: (call) => {
          ({ signal } = call);
          return new Promise(() => {});
        },
      },
    });
    expect(await codeOf(left.channel.call("x", [], { signal: AbortSignal.abort() }))).toBe(
      "CALL_ABORTED",
    );
    const controller = new AbortController();
    const outcome = codeOf(left.channel.call("x", [], { signal: controller.signal }));
    await nextTask();
    controller.abort();
    expect(await outcome).toBe("CALL_ABORTED");
    await nextTask();
    expect(signal?.aborted).toBe(true);
    await clock.advance(100);
    expect(clock.timers).toBe(0);
  });

  it("reject with VALUE_NOT_CLONEABLE for a value that cannot be sent, and send the other frames of the task", async () => {
    const { left } = connectTwo({
      right: { call: ({ method }) => (method === "bad" ? () => 1 : "fine") },
    });
    const outcomes = await Promise.all([
      codeOf(left.channel.call("ok", [])),
      codeOf(left.channel.call("ok", [() => 1])),
      codeOf(left.channel.call("bad", [])),
      codeOf(left.channel.call("ok", [])),
    ]);
    expect(outcomes).toEqual([
      "resolved",
      "VALUE_NOT_CLONEABLE",
      "VALUE_NOT_CLONEABLE",
      "resolved",
    ]);
  });

  const gone = new ArrayBuffer(8);
  structuredClone(gone, { transfer: [gone] });
  const proxied = { list: [{ id: 1 }, new Proxy({ id: 2 }, {})] };
  const looped: Record<string, unknown> = { save: () => 1 };
  looped["self"] = looped;
  const unreadable = {
    get name(): string {
      throw new RangeError("no name");
    },
  };

  it.each<[what: string, value: unknown, path: string]>([
    ["a function", { a: [1, { save: () => 1 }] }, "value.0.a.1.save"],
    ["a promise", [Promise.resolve(1)], "value.0.0"],
    ["a symbol", { kind: Symbol("x") }, "value.0.kind"],
    ["a WeakMap", new WeakMap(), "value.0"],
    ["a buffer that was transferred", { gone }, "value.0.gone"],
    ["a proxy in a list", proxied, "value.0.list.1"],
    ["a function beside a cycle", { looped }, "value.0.looped.save"],
    ["a getter that throws", unreadable, "value.0.name"],
  ])("name the member that cannot be sent: %s", async (_what, value, path) => {
    const { left } = connectTwo({ right: { call: () => value } });
    const text = `A value cannot be sent: ${path} is a function, a DOM node, a proxy (`;
    await expect(left.channel.call("x", [value])).rejects.toThrow(text);
    await expect(left.channel.call("x", [])).rejects.toThrow(text.replace("value.0", "value"));
  });

  it("reject without a path for a value with objects to transfer", async () => {
    const { left } = connectTwo({ right: { call: () => "fine" } });
    const { port1: port } = new MessageChannel();
    await expect(
      left.channel.call("x", [{ port, save: () => 1 }], { transfer: [port] }),
    ).rejects.toThrow("A value cannot be sent: it is a function");
    port.close();
  });

  it("reject at the caller beyond maxCallsInFlight", async () => {
    const { left } = connectTwo(
      { right: { call: () => new Promise(() => {}) } },
      { limits: { maxCallsInFlight: 2 } },
    );
    const waiting = [left.channel.call("x", []), left.channel.call("x", [])].map(codeOf);
    expect(await codeOf(left.channel.call("x", []))).toBe("CALL_LIMIT_EXCEEDED");
    left.channel.close();
    expect(await Promise.all(waiting)).toEqual(["CHANNEL_CLOSED", "CHANNEL_CLOSED"]);
  });

  it("move transferred objects in both directions", async () => {
    const { left } = connectTwo({
      right: {
        call: ({ args }) => {
          const buffer = args[0] as ArrayBuffer;
          return withTransfer(buffer, [buffer]);
        },
      },
    });
    const buffer = new ArrayBuffer(8);
    const back = await left.channel.call("x", [buffer], { transfer: [buffer] });
    expect(buffer.byteLength).toBe(0);
    expect((back as ArrayBuffer).byteLength).toBe(8);
  });
});

describe("batching", () => {
  it("sends all frames of one task as one message, in both directions", async () => {
    const { left, right } = connectTwo({
      right: {
        // Answers that settle a few microtasks apart still share a message.
        call: async ({ args: [depth] }) => {
          for (let i = 0; i < Number(depth); i += 1) await Promise.resolve();
          return depth;
        },
      },
    });
    await Promise.all(Array.from({ length: 100 }, (_, i) => left.channel.call("x", [i % 4])));
    expect(right.messages).toHaveLength(1);
    expect(left.messages).toHaveLength(1);
  });

  it("splits frames over several messages when one cannot hold them", async () => {
    const { left, right } = connectTwo(
      { right: { call: () => 1 } },
      { limits: { maxFramesPerMessage: 10 } },
    );
    await Promise.all(Array.from({ length: 25 }, () => left.channel.call("x", [])));
    expect(right.messages.map((message) => (message as Frame[]).length)).toEqual([10, 10, 5]);
  });

  it("keeps the order of events and calls", async () => {
    const seen: unknown[] = [];
    const { left } = connectTwo({
      right: {
        call: ({ method }) => seen.push(method),
        event: (topic) => void seen.push(topic),
      },
    });
    left.channel.send(["event", "a:one", 1]);
    const call = left.channel.call("two", []);
    left.channel.send(["event", "a:three", 3]);
    await call;
    expect(seen).toEqual(["a:one", "two", "a:three"]);
  });
});

describe("the end", () => {
  it("rejects calls under way with CHANNEL_LOST on the other side, and fires signals there", async () => {
    let signal: AbortSignal | undefined;
    const { left, right } = connectTwo({
      right: {
        call: (call) => {
          ({ signal } = call);
          return new Promise(() => {});
        },
      },
    });
    const outcome = codeOf(left.channel.call("x", []));
    await nextTask();
    right.channel.close();
    expect(await outcome).toBe("CHANNEL_LOST");
    expect(signal?.aborted).toBe(true);
    expect(left.ended.map(({ code }) => code)).toEqual(["CHANNEL_LOST"]);
    expect(right.ended).toEqual([]);
    expect(left.channel.isOpen || right.channel.isOpen).toBe(false);
    expect(await codeOf(left.channel.call("y", []))).toBe("CHANNEL_LOST");
  });

  it("is noticed when the other port closes without a close frame", async () => {
    const { port1, port2 } = new MessageChannel();
    const ended = Promise.withResolvers<BridgeError>();
    const channel = createChannel({
      port: port1,
      clock: createTestClock(),
      handlers: { call: () => undefined, ended: ended.resolve, report: () => undefined },
    });
    const outcome = codeOf(channel.call("x", []));
    port2.close();
    expect((await ended.promise).code).toBe("CHANNEL_LOST");
    expect(await outcome).toBe("CHANNEL_LOST");
  });

  it("sends the last frames of a task before the port closes", async () => {
    const seen: unknown[] = [];
    const { left } = connectTwo({
      right: { call: () => undefined, event: (topic) => void seen.push(topic) },
    });
    left.channel.send(["event", "last:word", 1]);
    left.channel.close();
    await nextTask();
    await nextTask();
    expect(seen).toEqual(["last:word"]);
  });
});
