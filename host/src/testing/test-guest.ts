/**
 * A guest in memory for the tests of a host. It sends hello and frames with the code of a real
 * guest's channel, over real message ports. Only the iframe around it is missing.
 *
 * It does not check its messages, so it can also send those of a hostile guest.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  parseWelcome,
  PROTOCOL_RANGE,
  type AnyContract,
  type Contract,
  type Frame,
  type Hello,
  type StateKey,
  type Welcome,
} from "@breezeway/shared";
import {
  createChannel,
  randomId,
  systemClock,
  type Channel,
  type ChannelPort,
  type Clock,
  type IncomingCall,
} from "@breezeway/shared/channel";
import { createMessagePipe, nextTask, type MessagePipe } from "@breezeway/shared/testing";
import type { OpenGuestPlace, GuestPlaceOptions } from "../transport/guest-place.ts";
import type { TestGuest, TestGuestOptions } from "./test-guest-types.ts";

/**
 * @example
 * const guest = createTestGuest();
 * host.mount("orders", { place: guest.place });
 * await guest.connect();
 * await guest.call("getCurrentCustomerId");
 */
export function createTestGuest<C extends Contract = AnyContract>(
  options: TestGuestOptions = {},
): TestGuest<C> {
  const document = createTestDocument(options);
  const { now, listeners, conditions } = document;

  const current = (): Channel => {
    if (now.channel) return now.channel;
    throw new BridgeError(
      "CHANNEL_LOST",
      "The test guest is not connected. Await connect() first.",
    );
  };

  return {
    place: placeOf(document),
    connect: () => document.connect(),
    get isConnected() {
      return now.channel?.isOpen ?? false;
    },
    get welcome() {
      return now.welcome;
    },
    get url() {
      return now.mounted?.url;
    },
    get state() {
      return now.state as TestGuest<C>["state"];
    },
    call: (async (name: string, ...args: readonly unknown[]) =>
      current().call(name, args)) as TestGuest<C>["call"],
    callWith: (name, args, callOptions) => current().call(name, args, callOptions),
    expose(name, handler) {
      document.handlers.set(name, handler as Handler);
      return () => void document.handlers.delete(name);
    },
    publish: (topic, payload) => current().send(["event", topic, payload]),
    subscribe(topic, listener) {
      const entries = listeners.get(topic) ?? new Set();
      listeners.set(topic, entries.add(listener as Listener));
      if (entries.size === 1) now.channel?.send(["subscribe", topic]);
      return () => {
        entries.delete(listener as Listener);
        if (entries.size > 0 || !listeners.delete(topic)) return;
        now.channel?.send(["unsubscribe", topic]);
      };
    },
    send: (...frames: readonly Frame[]) => {
      for (const frame of frames) current().send(frame);
    },
    sendRaw: (message) => now.port?.postMessage(message, []),
    refusals: document.refusals,
    errors: document.errors,
    faults: {
      drop: () => now.pipe?.cut(),
      delay(ms) {
        conditions.delayMs = ms;
      },
      swallow(isOn = true) {
        conditions.isDropping = isOn;
      },
      async reload() {
        document.leave();
        now.mounted?.onLoad(true);
        return document.connect();
      },
      navigate() {
        document.leave();
        now.mounted?.onLoad(true);
      },
    },
    settled: () => now.pipe?.settled() ?? nextTask(),
    close() {
      now.channel?.close();
      now.channel = undefined;
    },
  };
}

type Handler = (...args: readonly unknown[]) => unknown;
type Listener = (payload: unknown) => void;

interface Now {
  mounted: GuestPlaceOptions | undefined;
  welcome: Welcome | undefined;
  state: Partial<Record<StateKey, unknown>>;
  pipe: MessagePipe | undefined;
  port: ChannelPort | undefined;
  channel: Channel | undefined;
  documentId: string;
}

/** The document in the frame, which connects and leaves. */
interface TestDocument {
  readonly now: Now;
  /** How messages travel. */
  readonly conditions: { delayMs: number; isDropping: boolean };
  readonly handlers: Map<string, Handler>;
  readonly listeners: Map<string, Set<Listener>>;
  readonly refusals: { topic: string; code: string }[];
  readonly errors: unknown[];
  connect(): Promise<Welcome>;
  /** The document leaves and takes its channel with it. */
  leave(): void;
}

function createTestDocument(options: TestGuestOptions): TestDocument {
  const clock: Clock = options.clock ?? systemClock();
  const conditions = { delayMs: 0, isDropping: false };
  const handlers = new Map<string, Handler>();
  const listeners = new Map<string, Set<Listener>>();
  const refusals: { topic: string; code: string }[] = [];
  const errors: unknown[] = [];
  const now: Now = {
    mounted: undefined,
    welcome: undefined,
    state: {},
    pipe: undefined,
    port: undefined,
    channel: undefined,
    documentId: randomId(),
  };

  const openChannel = (port: ChannelPort): Channel =>
    createChannel({
      port,
      clock,
      handlers: {
        call: (incoming) => handleCall(handlers, incoming),
        event(topic, payload) {
          for (const listener of listeners.get(topic) ?? []) listener(payload);
        },
        state(key, value) {
          now.state = { ...now.state, [key]: value };
        },
        refused: (topic, { code }) => void refusals.push({ topic, code }),
        ended: () => undefined,
        report: (error) => void errors.push(error),
      },
    });

  return {
    now,
    conditions,
    handlers,
    listeners,
    refusals,
    errors,
    async connect() {
      if (!now.mounted) {
        throw new BridgeError(
          "CONFIG_INVALID",
          "The test guest is not mounted. Call host.mount(appId, { place: guest.place }) first.",
        );
      }
      await loaded();
      const pipe = createMessagePipe(clock, () => conditions);
      const [theirs, ours] = pipe.ports;
      const hello = structuredClone(helloOf(options, now.documentId));
      const welcome = parseWelcome(structuredClone(await now.mounted.onHello(hello, theirs)));
      if (!welcome.ok) throw BridgeError.fromWire(welcome.error);
      now.welcome = welcome;
      now.pipe = pipe;
      now.port = ours;
      now.state = { ...welcome };
      const channel = openChannel(ours);
      now.channel = channel;
      for (const topic of listeners.keys()) channel.send(["subscribe", topic]);
      return welcome;
    },
    leave() {
      now.pipe?.cut();
      now.documentId = randomId();
    },
  };
}

/** A document takes time to load. An issuer in memory has minted the first token by then. */
async function loaded(): Promise<void> {
  await nextTask();
  await nextTask();
}

function placeOf(document: TestDocument): OpenGuestPlace {
  const { now, errors } = document;
  return (mounted) => {
    now.mounted = mounted;
    return {
      element: undefined,
      reload() {
        const wasConnected = now.channel !== undefined;
        document.leave();
        if (wasConnected) document.connect().catch((error: unknown) => errors.push(error));
      },
      close() {
        document.leave();
        now.mounted = undefined;
      },
    };
  };
}

function helloOf(options: TestGuestOptions, documentId: string): Hello {
  return {
    protocol: PROTOCOL_RANGE,
    sdk: "test",
    documentId,
    autoRefresh: options.autoRefresh ?? true,
    ...options.hello,
  };
}

function handleCall(
  handlers: ReadonlyMap<string, Handler>,
  { method, args }: IncomingCall,
): unknown {
  if (method === BUILT_IN_METHODS.ping) return true;
  const handler = handlers.get(method);
  if (handler) return handler(...args);
  throw new BridgeError("CALL_METHOD_UNKNOWN", `The test guest has no method "${method}".`);
}
