/**
 * A guest in memory for the tests of a host: it shakes hands and sends frames with the code of a real
 * guest's channel, over a real `MessageChannel`. Only the frame around it is missing.
 *
 * It checks nothing of what it sends, and can send what no guest of good faith would.
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
  const clock: Clock = options.clock ?? systemClock();
  const conditions = { delayMs: 0, isDropping: false };
  const handlers = new Map<string, (...args: readonly unknown[]) => unknown>();
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const refusals: { topic: string; code: string }[] = [];
  const errors: unknown[] = [];
  let state: Partial<Record<StateKey, unknown>> = {};
  let mounted: GuestPlaceOptions | undefined;
  let welcome: Welcome | undefined;
  let pipe: MessagePipe | undefined;
  let port: ChannelPort | undefined;
  let channel: Channel | undefined;
  let documentId = randomId();

  const hello = (): Hello => ({
    protocol: PROTOCOL_RANGE,
    sdk: "test",
    documentId,
    autoRefresh: options.autoRefresh ?? true,
    ...options.hello,
  });

  const handle = ({ method, args }: IncomingCall): unknown => {
    if (method === BUILT_IN_METHODS.ping) return true;
    const handler = handlers.get(method);
    if (handler) return handler(...args);
    throw new BridgeError("CALL_METHOD_UNKNOWN", `The test guest has no method "${method}".`);
  };

  const connect = async (): Promise<Welcome> => {
    if (!mounted) {
      throw new BridgeError("CONFIG_INVALID", "Mount the test guest first: { place }.");
    }
    const opened = createMessagePipe(clock, () => conditions);
    const [theirs, ours] = opened.ports;
    const said = await mounted.onHello(structuredClone(hello()), theirs);
    const answer = parseWelcome(structuredClone(said));
    if (!answer.ok) throw BridgeError.fromWire(answer.error);
    welcome = answer;
    pipe = opened;
    port = ours;
    state = { ...answer };
    channel = createChannel({
      port: ours,
      clock,
      handlers: {
        call: handle,
        event: (topic, payload) => {
          for (const listener of listeners.get(topic) ?? []) listener(payload);
        },
        state: (key, value) => {
          state = { ...state, [key]: value };
        },
        refused: (topic, { code }) => void refusals.push({ topic, code }),
        ended: () => undefined,
        report: (error) => void errors.push(error),
      },
    });
    for (const topic of listeners.keys()) channel.send(["subscribe", topic]);
    return answer;
  };

  /** The document goes, with all that it had opened. */
  const leave = (): void => {
    pipe?.cut();
    documentId = randomId();
  };

  const place: OpenGuestPlace = (given) => {
    mounted = given;
    return {
      element: undefined,
      reload() {
        const wasConnected = channel !== undefined;
        leave();
        if (wasConnected) connect().catch((error: unknown) => errors.push(error));
      },
      close() {
        leave();
        mounted = undefined;
      },
    };
  };

  const current = (): Channel => {
    if (channel) return channel;
    throw new BridgeError("CHANNEL_LOST", "The test guest is not connected: await connect().");
  };

  return {
    place,
    connect,
    get isConnected() {
      return channel?.isOpen ?? false;
    },
    get welcome() {
      return welcome;
    },
    get url() {
      return mounted?.url;
    },
    get state() {
      return state as TestGuest<C>["state"];
    },
    call: (async (name: string, ...args: readonly unknown[]) =>
      current().call(name, args)) as TestGuest<C>["call"],
    callWith: (name, args, callOptions) => current().call(name, args, callOptions),
    expose(name, handler) {
      handlers.set(name, handler as (...args: readonly unknown[]) => unknown);
      return () => void handlers.delete(name);
    },
    publish: (topic, payload) => current().send(["event", topic, payload]),
    subscribe(topic, listener) {
      const entries = listeners.get(topic) ?? new Set();
      listeners.set(topic, entries.add(listener as (payload: unknown) => void));
      if (entries.size === 1) channel?.send(["subscribe", topic]);
      return () => {
        entries.delete(listener as (payload: unknown) => void);
        if (entries.size > 0 || !listeners.delete(topic)) return;
        channel?.send(["unsubscribe", topic]);
      };
    },
    send: (...frames: readonly Frame[]) => {
      for (const frame of frames) current().send(frame);
    },
    sendRaw: (message) => port?.postMessage(message, []),
    refusals,
    errors,
    faults: {
      drop: () => pipe?.cut(),
      delay(ms) {
        conditions.delayMs = ms;
      },
      swallow(isOn = true) {
        conditions.isDropping = isOn;
      },
      async reload() {
        leave();
        mounted?.onLoad(true);
        return connect();
      },
      navigate() {
        leave();
        mounted?.onLoad(true);
      },
    },
    settled: () => pipe?.settled() ?? nextTask(),
    close() {
      channel?.close();
      channel = undefined;
    },
  };
}
