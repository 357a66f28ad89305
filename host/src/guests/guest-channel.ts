/**
 * The channel of one guest document, from its welcome to its end: what this guest may call, publish and
 * subscribe to, according to its app's entry in the registry.
 *
 * [GC-1] App, capabilities and scopes come from the registry. Nothing that a guest sends changes them.
 * [GC-2] Methods are looked up by name in a map, never as a property of an object.
 * [GC-3] Every refusal reaches the guest, and names the missing capability.
 * [GC-4] Everything that a guest can use up is bounded: size, depth, rate, calls, subscriptions.
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
  sparingPort,
  toWireError,
  type Channel,
  type ChannelHandlers,
  type ChannelPort,
  type Clock,
  type Gate,
  type IncomingCall,
} from "@breezeway/shared/channel";
import type { FrameTap } from "./frame-tap.ts";

export type HostMethod = (this: object, ...args: readonly unknown[]) => unknown;

export interface GuestChannelDeps {
  readonly port: ChannelPort;
  readonly app: RegisteredApp;
  readonly contract: Contract | undefined;
  readonly methods: ReadonlyMap<string, HostMethod>;
  /** Methods of the bridge itself, outside the contract. */
  readonly builtIns: ReadonlyMap<string, (call: IncomingCall) => unknown>;
  /** Members of `this` in handlers, in addition to the signal. */
  readonly context: object;
  readonly limits: ChannelLimits;
  /** The gate of this frame. All documents of the frame share it: a reload does not refill its budget. */
  readonly gate: Gate;
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

export function openGuestChannel(deps: GuestChannelDeps): GuestChannel {
  const { clock, limits, gate, tap, report } = deps;
  const opened: { channel?: Channel } = {};
  const subscriptions = new Set<string>();

  const send = (frame: Frame): void => opened.channel?.send(frame);

  const channel = createChannel({
    port: sparingPort(deps.port, gate, (violation) => opened.channel?.violation(violation)),
    clock,
    limits,
    receive: gate.receive,
    hold: gate.createHold(),
    tap: tap?.frame,
    onViolation: (error) => tap?.violation(error),
    handlers: {
      ...createHandlers(deps, { subscriptions, send }),
      ended: deps.onEnded,
      report,
    },
  });
  opened.channel = channel;

  return {
    channel,
    deliver(topic, payload, retained) {
      if (!subscriptions.has(topic)) return;
      channel.send(retained ? ["event", topic, payload, true] : ["event", topic, payload]);
    },
    pushState: (key, value) => channel.send(["state", key, value]),
  };
}

interface HandlerDeps {
  readonly subscriptions: Set<string>;
  readonly send: (frame: Frame) => void;
}

function createHandlers(
  deps: GuestChannelDeps,
  { subscriptions, send }: HandlerDeps,
): Pick<ChannelHandlers, "call" | "event" | "subscribe" | "unsubscribe"> {
  const { app, limits, report } = deps;
  const guard = createContractGuard(deps.contract, (capability) =>
    app.capabilities.includes(capability),
  );

  const refuse = (topic: string, error: unknown): void => {
    if (!BridgeError.is(error)) return report(error);
    send(["refused", topic, toWireError(error, randomId())]);
  };

  return {
    call(incoming) {
      const { method: name } = incoming;
      const builtIn = deps.builtIns.get(name);
      if (builtIn) return builtIn(incoming);
      const definition = guard.method(name, "methods");
      const method = deps.methods.get(name);
      if (method === undefined) {
        throw new BridgeError("CALL_METHOD_UNKNOWN", `The host has no method "${name}".`);
      }
      const self = Object.assign(incoming, deps.context);
      return runChecked(name, definition, incoming.args, (args) =>
        Reflect.apply(method, self, args),
      );
    },
    event(topic, payload) {
      try {
        const received = chain(checkPayload(topic, guard.topic(topic), payload), (value) => {
          deps.onEvent(topic, value);
        });
        if (isPromiseLike(received)) {
          received.then(undefined, (error: unknown) => refuse(topic, error));
        }
      } catch (error) {
        refuse(topic, error);
      }
    },
    subscribe(topic) {
      try {
        guard.topic(topic);
        if (subscriptions.size >= limits.maxSubscriptions && !subscriptions.has(topic)) {
          throw new BridgeError(
            "CALL_LIMIT_EXCEEDED",
            `A guest may subscribe to at most ${limits.maxSubscriptions} topics.`,
          );
        }
      } catch (error) {
        return refuse(topic, error);
      }
      subscriptions.add(topic);
      const retained = deps.retained(topic);
      if (retained) send(["event", topic, retained.payload, true]);
    },
    unsubscribe: (topic) => void subscriptions.delete(topic),
  };
}
