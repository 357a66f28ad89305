/**
 * One guest document's channel, from its welcome to its end: what this guest may call, publish and
 * subscribe to, always by the registry's entry of its app.
 *
 * [GC-1] App, capabilities and scopes come from the registry; nothing a guest sends changes them.
 * [GC-2] Methods are found in a map by name, never as a property.
 * [GC-3] A refusal names the missing capability and reaches the guest; nothing fails in silence.
 * [GC-4] Everything a guest may spend is bounded: size, depth, rate, calls, subscriptions.
 */
import {
  BridgeError,
  chain,
  checkPayload,
  createContractGuard,
  isPromiseLike,
  runChecked,
  type ChannelLimits,
  type Contract,
  type Frame,
  type StateKey,
} from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import {
  createChannel,
  randomId,
  toWireError,
  type Channel,
  type ChannelPort,
  type Clock,
  type IncomingCall,
} from "@breezeway/shared/channel";
import type { FrameTap } from "./frame-tap.ts";

export type HostMethod = (this: object, ...args: readonly unknown[]) => unknown;

export interface GuestChannelOptions {
  readonly port: ChannelPort;
  readonly app: RegisteredApp;
  readonly contract: Contract | undefined;
  readonly methods: ReadonlyMap<string, HostMethod>;
  /** Methods of the bridge itself, outside the contract. */
  readonly builtIns: ReadonlyMap<string, (call: IncomingCall) => unknown>;
  /** What handlers find as `this`, besides the signal. */
  readonly context: object;
  readonly limits: ChannelLimits;
  /** The gate of this frame. One for all its documents: a reload does not refill its allowance. */
  readonly receive: (data: unknown) => readonly Frame[];
  readonly clock: Clock;
  readonly tap: FrameTap | undefined;
  readonly onEvent: (topic: string, payload: unknown) => void;
  readonly retained: (topic: string) => { readonly payload: unknown } | undefined;
  readonly onEnded: (error: BridgeError) => void;
  readonly report: (error: unknown) => void;
}

export interface GuestChannel {
  readonly channel: Channel;
  /** Sends an event if this guest subscribes to its topic. */
  deliver(topic: string, payload: unknown, retained: boolean): void;
  pushState(key: StateKey, value: unknown): void;
}

export function openGuestChannel(options: GuestChannelOptions): GuestChannel {
  const { app, limits, clock, tap, report } = options;
  const guard = createContractGuard(options.contract, (capability) =>
    app.capabilities.includes(capability),
  );
  const subscriptions = new Set<string>();

  const call = (incoming: IncomingCall): unknown => {
    const { method: name } = incoming;
    const builtIn = options.builtIns.get(name);
    if (builtIn) return builtIn(incoming);
    const definition = guard.method(name, "methods");
    const method = options.methods.get(name);
    if (method === undefined) {
      throw new BridgeError("CALL_METHOD_UNKNOWN", `The host has no method "${name}".`);
    }
    const self = Object.assign(incoming, options.context);
    return runChecked(name, definition, incoming.args, (args) => Reflect.apply(method, self, args));
  };

  const refuse = (topic: string, error: unknown): void => {
    if (!BridgeError.is(error)) return report(error);
    channel.send(["refused", topic, toWireError(error, randomId())]);
  };

  const event = (topic: string, payload: unknown): void => {
    try {
      const received = chain(checkPayload(topic, guard.topic(topic), payload), (value) => {
        options.onEvent(topic, value);
      });
      if (isPromiseLike(received)) {
        received.then(undefined, (error: unknown) => refuse(topic, error));
      }
    } catch (error) {
      refuse(topic, error);
    }
  };

  const subscribe = (topic: string): void => {
    try {
      guard.topic(topic);
      if (subscriptions.size >= limits.maxSubscriptions && !subscriptions.has(topic)) {
        throw new BridgeError(
          "CALL_LIMIT_EXCEEDED",
          `More than ${limits.maxSubscriptions} topics are subscribed to.`,
        );
      }
    } catch (error) {
      return refuse(topic, error);
    }
    subscriptions.add(topic);
    const retained = options.retained(topic);
    if (retained) channel.send(["event", topic, retained.payload, true]);
  };

  const channel = createChannel({
    port: options.port,
    clock,
    limits,
    receive: options.receive,
    tap: tap?.frame,
    onViolation: (error) => tap?.violation(error),
    handlers: {
      call,
      event,
      subscribe,
      unsubscribe: (topic) => void subscriptions.delete(topic),
      ended: options.onEnded,
      report,
    },
  });

  return {
    channel,
    deliver(topic, payload, retained) {
      if (!subscriptions.has(topic)) return;
      channel.send(retained ? ["event", topic, payload, true] : ["event", topic, payload]);
    },
    pushState: (key, value) => channel.send(["state", key, value]),
  };
}
