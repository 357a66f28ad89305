/**
 * The guest's side of the bridge for the lifetime of its document: one channel after another, and the
 * state that survives the change from one to the next.
 *
 *   connecting ──welcome──▶ connected ──channel ended──▶ lost ──welcome──▶ connected
 *       │ no answer, refused                              │ refused
 *       ▼                                                 ▼
 *     closed ◀──────────────────────── close() ───────────┘
 *
 * [CN-1] Calls in flight when a channel ends reject with CHANNEL_LOST; calls without a channel do so
 *        at once. Nothing is queued: the caller decides whether to retry.
 * [CN-2] Exposed methods and subscriptions belong to the connection and exist on every channel.
 * [CN-3] After `closed` no timer, listener or port is left.
 */
import { BridgeError, BUILT_IN_METHODS, PROTOCOL_RANGE, type Welcome } from "@breezeway/shared";
import {
  createChannel,
  createStore,
  randomId,
  type CallOptionsInit,
  type Channel,
  type Clock,
  type IncomingCall,
  type Readable,
  type SendOptions,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import type { Attempt, Greeting, HostLink } from "../transport/host-link.ts";
import { SDK_VERSION } from "../version.ts";
import { createSnapshot, setState, updateSnapshot, type Snapshot } from "./snapshot.ts";
import { createTopics } from "./topics.ts";

export type ConnectionState = "connecting" | "connected" | "lost" | "closed";

export type Handler = (call: IncomingCall) => unknown;

export interface Connection {
  readonly state: Readable<ConnectionState>;
  readonly snapshot: Snapshot;
  /** The last welcome; `undefined` before the first one. */
  readonly welcome: Welcome | undefined;
  /** Resolves at the first welcome, rejects when the connection closes before it. */
  readonly ready: Promise<void>;
  call(method: string, args: readonly unknown[], options?: CallOptionsInit): Promise<unknown>;
  publish(topic: string, payload: unknown, options?: SendOptions): void;
  subscribe(topic: string, listener: (payload: unknown) => void): Unsubscribe;
  /** A later handler replaces an earlier one of the same name. */
  expose(method: string, handler: Handler): Unsubscribe;
  close(error?: BridgeError): void;
}

export interface ConnectionOptions {
  readonly link: HostLink;
  readonly timeoutMs: number;
  readonly autoRefresh: boolean;
  readonly proofKeyThumbprint: string | undefined;
  readonly clock: Clock;
  readonly report: (error: unknown) => void;
}

type Phase =
  | { readonly name: "connecting" | "lost"; readonly attempt: Attempt }
  | { readonly name: "connected"; readonly channel: Channel }
  | { readonly name: "closed"; readonly error: BridgeError };

// A living host answers a ping within a few milliseconds.
const PING_TIMEOUT_MS = 2_000;

export function openConnection(options: ConnectionOptions): Connection {
  const { clock, report } = options;
  const ready = Promise.withResolvers<void>();
  const state = createStore<ConnectionState>("connecting");
  const snapshot = createSnapshot();
  const handlers = new Map<string, Handler>([[BUILT_IN_METHODS.ping, () => true]]);
  const topics = createTopics((frame) => channel()?.send(frame), report);
  const documentId = randomId();
  let welcome: Welcome | undefined;

  const greet = (timeoutMs: number): Attempt =>
    options.link.greet({
      hello: {
        protocol: PROTOCOL_RANGE,
        sdk: SDK_VERSION,
        documentId,
        autoRefresh: options.autoRefresh,
        proofKeyThumbprint: options.proofKeyThumbprint,
      },
      timeoutMs,
      clock,
    });

  const channel = (): Channel | undefined =>
    phase.name === "connected" ? phase.channel : undefined;

  const enter = (next: Phase): void => {
    phase = next;
    state.set(next.name);
  };

  const follow = (attempt: Attempt): void => {
    attempt.greeting.then(connected, (error: BridgeError) => {
      if (isCurrent(attempt)) close(error);
    });
  };

  const isCurrent = (attempt: Attempt): boolean => "attempt" in phase && phase.attempt === attempt;

  const connected = (greeting: Greeting): void => {
    if (!("attempt" in phase)) return greeting.port.close();
    ({ welcome } = greeting);
    const opened = createChannel({
      port: greeting.port,
      clock,
      handlers: {
        call: (call) => handle(call),
        event: topics.deliver,
        state: (key, value) => setState(snapshot, key, value),
        refused: (_topic, error) => report(BridgeError.fromWire(error)),
        ended: lost,
        report,
      },
    });
    for (const topic of topics.names) opened.send(["subscribe", topic]);
    phase = { name: "connected", channel: opened };
    updateSnapshot(snapshot, welcome);
    state.set("connected");
    ready.resolve();
  };

  const lost = (): void => {
    if (phase.name !== "connected") return;
    const attempt = greet(Infinity);
    enter({ name: "lost", attempt });
    follow(attempt);
  };

  const handle = (call: IncomingCall): unknown => {
    const handler = handlers.get(call.method);
    if (handler) return handler(call);
    throw new BridgeError("CALL_METHOD_UNKNOWN", `The guest has no method "${call.method}".`);
  };

  // After a page returns from the back/forward cache, its port may be dead.
  const checkLife = async (): Promise<void> => {
    const current = channel();
    if (current === undefined) return;
    try {
      await current.call(BUILT_IN_METHODS.ping, [], { timeoutMs: PING_TIMEOUT_MS });
    } catch (error) {
      current.close();
      if (channel() === current && BridgeError.is(error)) lost();
    }
  };

  const close = (error?: BridgeError): void => {
    if (phase.name === "closed") return;
    const closing = error ?? new BridgeError("CHANNEL_CLOSED", "The bridge was closed.");
    if ("attempt" in phase) phase.attempt.cancel();
    else phase.channel.close();
    stopWatching();
    topics.clear();
    handlers.clear();
    enter({ name: "closed", error: closing });
    ready.reject(closing);
  };

  const noChannel = (method: string): BridgeError =>
    phase.name === "closed"
      ? new BridgeError("CHANNEL_CLOSED", `"${method}" was called on a closed bridge.`)
      : new BridgeError("CHANNEL_LOST", `"${method}" was called while the host is not connected.`);

  let phase: Phase = { name: "connecting", attempt: greet(options.timeoutMs) };
  const stopWatching = options.link.watch({
    onRestored: () => void checkLife(),
    onLeaving: () => channel()?.close(),
  });
  follow(phase.attempt);
  // The opener usually awaits `ready`. If it does not, `state` still shows the failure.
  ready.promise.catch(() => undefined);

  return {
    state,
    snapshot,
    get welcome() {
      return welcome;
    },
    ready: ready.promise,
    call(method, args, callOptions) {
      return channel()?.call(method, args, callOptions) ?? Promise.reject(noChannel(method));
    },
    publish(topic, payload, sendOptions) {
      const current = channel();
      if (current === undefined) throw noChannel(topic);
      current.send(["event", topic, payload], sendOptions);
    },
    subscribe: topics.add,
    expose(method, handler) {
      handlers.set(method, handler);
      return () => {
        if (handlers.get(method) === handler) handlers.delete(method);
      };
    },
    close,
  };
}
