/**
 * The guarantees that a guest has on every transport, as one list of cases. A
 * case runs where the guest runs, in Node or in a page, so it brings its own assertions.
 */
import {
  BridgeError,
  callOptions,
  defineContract,
  withTransfer,
  type AppBridge,
} from "@breezeway/guest";
import * as z from "zod/mini";

export const rpcContract = defineContract({
  methods: {
    echo: { args: z.tuple([z.unknown()]), returns: z.unknown() },
    /** Like `echo`, but it transfers the answer instead of copying it. */
    handBack: { args: z.tuple([z.custom<object>()]), returns: z.custom<object>() },
    add: { args: z.tuple([z.number(), z.number()]), returns: z.number() },
    later: { args: z.tuple([z.number()]), returns: z.number() },
    refuse: {},
    explode: {},
    explodeWith: { args: z.tuple([z.unknown()]) },
    hang: {},
    lie: { returns: z.string() },
    forbidden: { capability: "customers:write" },
    /** The host calls the guest's method of this name and answers with the outcome. */
    callBack: { args: z.tuple([z.string(), z.number()]), returns: z.unknown() },
    /** The host publishes this payload, then answers. */
    announce: { args: z.tuple([z.string()]) },
    /** Answers with the events that the guest has published. */
    heard: { returns: z.array(z.unknown()) },
  },
  events: {
    "customer:changed": z.object({ id: z.string() }),
    "customer:current": { payload: z.object({ id: z.string() }), retained: true },
    "order:verified": z.object({ orderId: z.number() }),
    "order:deleted": { payload: z.object({}), capability: "orders:write" },
  },
  guestMethods: {
    double: { args: z.tuple([z.number()]), returns: z.number() },
    fails: { args: z.tuple([z.number()]) },
  },
});

export type RpcContract = typeof rpcContract;
type Bridge = AppBridge<RpcContract>;

/** Actions on the host that the test of a transport provides. */
export interface RpcHostSide {
  callGuest(name: "double" | "fails", value: number): Promise<unknown>;
  publish(id: string): void | Promise<void>;
  readonly heard: readonly unknown[];
}

/** The host's methods, the same for every transport. */
export function rpcMethods(side: () => RpcHostSide) {
  return {
    echo: (value: unknown) => value,
    handBack: (value: object) => withTransfer(value, [value]),
    add: (left: number, right: number) => left + right,
    later: (value: number) => Promise.resolve(value),
    refuse: () => {
      throw new BridgeError("TENANT_NOT_ALLOWED", "not this tenant");
    },
    explode: () => {
      throw new Error("canary: a secret of the host");
    },
    explodeWith: (value: unknown) => Promise.reject(value),
    hang: () => new Promise<unknown>(() => undefined),
    lie: () => 42 as never,
    callBack: async (name: string, value: number) => {
      try {
        return await side().callGuest(name as "double", value);
      } catch (error) {
        return BridgeError.is(error) ? error.code : "an error that is not ours";
      }
    },
    announce: async (id: string) => {
      await side().publish(id);
    },
    heard: () => [...side().heard],
  };
}

export interface RpcCase {
  readonly name: string;
  /** @param errors Errors that the bridge reported to `onError`, in order. */
  readonly run: (bridge: Bridge, errors: readonly unknown[]) => Promise<void>;
}

export const rpcCases: readonly RpcCase[] = [
  {
    name: "a call resolves with the handler's result, whether it is synchronous or asynchronous",
    async run({ method }) {
      equal(await method.call("add", 2, 3), 5);
      equal(await method.call("later", 7), 7);
    },
  },
  {
    name: "values arrive unchanged",
    async run({ method }) {
      const value = { list: [1, "two", null, { deep: true }], text: "\u2028\"'☃🏠", empty: {} };
      equal(await method.call("echo", value), value);
      equal(await method.call("echo", undefined), undefined);
    },
  },
  {
    name: "a hundred calls of one task are answered, each with its own answer",
    async run({ method }) {
      const numbers = Array.from({ length: 100 }, (_, index) => index);
      equal(
        await Promise.all(numbers.map((n) => method.call("add", n, n))),
        numbers.map((n) => 2 * n),
      );
    },
  },
  {
    name: "a BridgeError of the host keeps its code and message",
    async run({ method }) {
      const error = await failure(method.call("refuse"));
      equal([error.code, error.message], ["TENANT_NOT_ALLOWED", "not this tenant"]);
    },
  },
  {
    name: "any other error becomes CALL_FAILED and reveals nothing of the host",
    async run({ method }) {
      const errors = [
        await failure(method.call("explode")),
        await failure(method.call("explodeWith", "canary")),
        await failure(method.call("explodeWith", undefined)),
      ];
      for (const error of errors) {
        equal([error.code, error.message.includes("canary")], ["CALL_FAILED", false]);
        equal((error.stack ?? "").includes("rpcMethods"), false);
      }
    },
  },
  {
    name: "a call of an unknown name, such as one of a prototype, is rejected as an unknown method",
    async run(bridge) {
      const untyped = bridge.method as unknown as AppBridge["method"];
      for (const name of ["nothing", "constructor", "toString", "__proto__.x", "hasOwnProperty"]) {
        equal((await failure(untyped.call(name))).code, "CALL_METHOD_UNKNOWN");
      }
    },
  },
  {
    name: "arguments and results are checked by the contract",
    async run(bridge) {
      const untyped = bridge.method as unknown as AppBridge["method"];
      equal((await failure(untyped.call("add", 1, "2"))).code, "CALL_ARGUMENTS_INVALID");
      equal((await failure(untyped.call("add", 1, 2, 3))).code, "CALL_ARGUMENTS_INVALID");
      equal((await failure(bridge.method.call("lie"))).code, "CALL_RESULT_INVALID");
    },
  },
  {
    name: "a method without its capability is refused, and the refusal names it",
    async run(bridge) {
      equal(bridge.can("customers:write"), false);
      const error = await failure(bridge.method.call("forbidden"));
      equal([error.code, error.message.includes("customers:write")], ["CAPABILITY_MISSING", true]);
    },
  },
  {
    name: "an aborted call rejects at once",
    async run({ method }) {
      const controller = new AbortController();
      const call = failure(method.call("hang", callOptions({ signal: controller.signal })));
      controller.abort();
      equal((await call).code, "CALL_ABORTED");
      const late = method.call("hang", callOptions({ signal: controller.signal }));
      equal((await failure(late)).code, "CALL_ABORTED");
    },
  },
  {
    name: "a call with a value that cannot be sent is rejected by the sender, and other calls succeed",
    async run({ method }) {
      const bad = failure(method.call("echo", () => 1));
      const good = method.call("echo", 1);
      equal([(await bad).code, await good], ["VALUE_NOT_CLONEABLE", 1]);
    },
  },
  {
    name: "the host calls what the guest exposes, as long as it is exposed",
    async run({ method }) {
      equal(await method.call("callBack", "double", 21), "CALL_METHOD_UNKNOWN");
      const stop = method.expose("double", (value) => value * 2);
      equal(await method.call("callBack", "double", 21), 42);
      stop();
      equal(await method.call("callBack", "double", 21), "CALL_METHOD_UNKNOWN");
    },
  },
  {
    name: "an error in the guest's method reveals nothing of the guest to the host",
    async run({ method }) {
      const stop = method.expose("fails", () => {
        throw new BridgeError("CALL_FAILED", "no");
      });
      equal(await method.call("callBack", "fails", 1), "CALL_FAILED");
      stop();
    },
  },
  {
    name: "a guest receives events while it is subscribed, and a retained one when it subscribes later",
    async run({ method, event }) {
      const changed: string[] = [];
      const stop = event.subscribe("customer:changed", ({ id }) => changed.push(id));
      await method.call("announce", "c-1");
      stop();
      await method.call("announce", "c-2");
      equal(changed, ["c-1"]);

      const current = await new Promise<string>((resolve) => {
        event.subscribe("customer:current", ({ id }) => resolve(id));
      });
      equal(current, "c-2");
    },
  },
  {
    name: "the host receives the guest's events in order and checks them by the contract",
    async run(bridge, errors) {
      const before = errors.length;
      bridge.event.publish("order:verified", { orderId: 1 });
      bridge.event.publish("order:verified", { orderId: 2 });
      equal((await bridge.method.call("heard")).slice(-2), [{ orderId: 1 }, { orderId: 2 }]);
      const untyped = bridge.event as unknown as AppBridge["event"];
      untyped.publish("order:verified", { orderId: "3" });
      untyped.publish("order:unheard", {});
      untyped.publish("order:deleted", {});
      untyped.subscribe("order:deleted", () => undefined)();
      untyped.subscribe("order deleted", () => undefined)();
      equal(errors.slice(before).map(codeOf), [
        "EVENT_PAYLOAD_INVALID",
        "EVENT_TOPIC_INVALID",
        "CAPABILITY_MISSING",
        "CAPABILITY_MISSING",
        "EVENT_TOPIC_INVALID",
      ]);
      equal((await bridge.method.call("heard")).slice(-2), [{ orderId: 1 }, { orderId: 2 }]);
    },
  },
  {
    name: "token calls work under their old names",
    async run(bridge) {
      const token = await bridge.getSessionToken();
      equal(await bridge.method.call("getSessionToken"), token);
      equal(await bridge.method.call("getAppToken"), token);
      equal(token.split(".").length, 3);
    },
  },
  {
    // This case is last, because it closes the bridge.
    name: "pending and later calls reject when the bridge closes",
    async run(bridge, errors) {
      const under = failure(bridge.method.call("hang"));
      await bridge.method.call("echo", 1);
      bridge.close();
      equal((await under).code, "CHANNEL_CLOSED");
      equal((await failure(bridge.method.call("echo", 1))).code, "CHANNEL_CLOSED");
      equal(bridge.state, "closed");
      const before = errors.length;
      bridge.event.subscribe("customer:changed", () => undefined)();
      bridge.event.publish("order:verified", { orderId: 4 });
      bridge.method.expose("double", (value) => value * 2)();
      equal(errors.slice(before).map(codeOf), Array(3).fill("CHANNEL_CLOSED"));
    },
  },
];

/** Cases for transports that carry objects. Text and Playwright's serialisation cannot. */
export const transferCases: readonly RpcCase[] = [
  {
    name: "a call transfers a buffer to the host and back",
    async run({ method }) {
      const buffer = Uint8Array.of(1, 2, 3).buffer;
      const call = method.call("handBack", buffer, callOptions({ transfer: [buffer] }));
      const back = await call;
      equal([buffer.byteLength, buffer.detached], [0, true]);
      equal([...new Uint8Array(back as ArrayBuffer)], [1, 2, 3]);
    },
  },
  {
    name: "a call transfers a stream, which can be read after the call",
    async run({ method }) {
      const stream = new Blob(["one ", "two"]).stream();
      const back = await method.call("handBack", stream, callOptions({ transfer: [stream] }));
      equal(await new Response(back as ReadableStream<Uint8Array<ArrayBuffer>>).text(), "one two");
    },
  },
  {
    name: "a call transfers a port, which sends messages from its new place",
    async run({ method }) {
      const { port1, port2 } = new MessageChannel();
      const call = method.call("handBack", port2, callOptions({ transfer: [port2] }));
      const back = (await call) as MessagePort;
      const heard = new Promise((resolve) => {
        port1.addEventListener("message", ({ data }: MessageEvent<unknown>) => resolve(data));
        port1.start();
      });
      back.postMessage("hello", []);
      equal(await heard, "hello");
      port1.close();
    },
  },
  {
    name: "a call with an already transferred object is rejected, and other calls succeed",
    async run({ method }) {
      const buffer = new ArrayBuffer(8);
      const first = method.call("handBack", buffer, callOptions({ transfer: [buffer] }));
      equal(((await first) as ArrayBuffer).byteLength, 8);
      const again = failure(method.call("handBack", buffer, callOptions({ transfer: [buffer] })));
      const good = method.call("add", 1, 1);
      equal([(await again).code, await good], ["VALUE_NOT_CLONEABLE", 2]);
    },
  },
];

function equal(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left}`);
}

async function failure(work: Promise<unknown>): Promise<BridgeError> {
  try {
    await work;
  } catch (error) {
    if (BridgeError.is(error)) return error;
    throw new Error("Expected a BridgeError, but the call failed with another error.", {
      cause: error,
    });
  }
  throw new Error("Expected the call to fail.");
}

function codeOf(error: unknown): string {
  return BridgeError.is(error) ? error.code : "an error that is not ours";
}
