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
  type Store,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import { WORDS } from "@breezeway/shared/words";
import type { Attempt, Greeting, HostLink } from "../transport/host-link.ts";
import { SDK_VERSION } from "../version.ts";
import { createSnapshot, setState, updateSnapshot, type Snapshot } from "./snapshot.ts";
import { createTopics, type Topics } from "./topics.ts";

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
  | { readonly name: "closed" };

// A living host answers a ping within a few milliseconds.
const PING_TIMEOUT_MS = 2_000;

// A class, since the steps of the state machine above lead to each other.
class GuestConnection implements Connection {
  readonly state: Store<ConnectionState> = createStore<ConnectionState>("connecting");
  readonly snapshot: Snapshot = createSnapshot();
  welcome: Welcome | undefined;
  readonly #options: ConnectionOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #handlers = new Map<string, Handler>([[BUILT_IN_METHODS.ping, () => true]]);
  readonly #topics: Topics;
  readonly #documentId = randomId();
  readonly #stopWatching: () => void;
  #phase: Phase;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#topics = createTopics((frame) => this.#channel?.send(frame), options.report);
    this.#phase = { name: "connecting", attempt: this.#greet(options.timeoutMs) };
    this.#stopWatching = options.link.watch({
      onRestored: () => void this.#checkLife(),
      onLeaving: () => this.#channel?.close(),
    });
    this.#follow(this.#phase.attempt);
    // The opener usually awaits `ready`. If it does not, `state` still shows the failure.
    this.ready.catch(() => undefined);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  call(method: string, args: readonly unknown[], options?: CallOptionsInit): Promise<unknown> {
    return this.#channel?.call(method, args, options) ?? Promise.reject(this.#noChannel(method));
  }

  publish(topic: string, payload: unknown, options?: SendOptions): void {
    if (!this.#channel) throw this.#noChannel(topic);
    this.#channel.send(["event", topic, payload], options);
  }

  subscribe(topic: string, listener: (payload: unknown) => void): Unsubscribe {
    return this.#topics.add(topic, listener);
  }

  expose(method: string, handler: Handler): Unsubscribe {
    const handlers = this.#handlers;
    handlers.set(method, handler);
    return () => {
      if (handlers.get(method) === handler) handlers.delete(method);
    };
  }

  close(error = new BridgeError("CHANNEL_CLOSED", WORDS && "The bridge was closed.")): void {
    if (this.#phase.name === "closed") return;
    if ("attempt" in this.#phase) this.#phase.attempt.cancel();
    else this.#phase.channel.close();
    this.#stopWatching();
    this.#topics.clear();
    this.#handlers.clear();
    this.#enter({ name: "closed" });
    this.#ready.reject(error);
  }

  get #channel(): Channel | undefined {
    return this.#phase.name === "connected" ? this.#phase.channel : undefined;
  }

  #greet(timeoutMs: number): Attempt {
    const { link, clock, autoRefresh, proofKeyThumbprint } = this.#options;
    return link.greet({
      hello: {
        protocol: PROTOCOL_RANGE,
        sdk: SDK_VERSION,
        documentId: this.#documentId,
        autoRefresh,
        proofKeyThumbprint,
      },
      timeoutMs,
      clock,
    });
  }

  #enter(next: Phase): void {
    this.#phase = next;
    this.state.set(next.name);
  }

  #follow(attempt: Attempt): void {
    attempt.greeting.then(
      (greeting) => this.#connected(greeting),
      (error: BridgeError) => {
        if ("attempt" in this.#phase && this.#phase.attempt === attempt) this.close(error);
      },
    );
  }

  #connected({ welcome, port }: Greeting): void {
    if (!("attempt" in this.#phase)) return port.close();
    const { clock, report } = this.#options;
    this.welcome = welcome;
    const channel = createChannel({
      port,
      clock,
      handlers: {
        call: (call) => this.#handle(call),
        event: this.#topics.deliver,
        state: (key, value) => setState(this.snapshot, key, value),
        refused: (_topic, error) => report(BridgeError.fromWire(error)),
        ended: () => this.#lost(),
        report,
      },
    });
    for (const topic of this.#topics.names) channel.send(["subscribe", topic]);
    // The state of the welcome is there before anybody is notified of the connection.
    this.#phase = { name: "connected", channel };
    updateSnapshot(this.snapshot, welcome);
    this.state.set("connected");
    this.#ready.resolve();
  }

  #lost(): void {
    if (this.#phase.name !== "connected") return;
    const attempt = this.#greet(Infinity);
    this.#enter({ name: "lost", attempt });
    this.#follow(attempt);
  }

  #handle(call: IncomingCall): unknown {
    const handler = this.#handlers.get(call.method);
    if (handler) return handler(call);
    throw new BridgeError(
      "CALL_METHOD_UNKNOWN",
      WORDS ? `The guest has no method "${call.method}".` : [call.method],
    );
  }

  // After a page returns from the back/forward cache, its port may be dead.
  async #checkLife(): Promise<void> {
    const current = this.#channel;
    if (current === undefined) return;
    try {
      await current.call(BUILT_IN_METHODS.ping, [], { timeoutMs: PING_TIMEOUT_MS });
    } catch (error) {
      current.close();
      if (this.#channel === current && BridgeError.is(error)) this.#lost();
    }
  }

  #noChannel(method: string): BridgeError {
    const isClosed = this.#phase.name === "closed";
    return new BridgeError(
      isClosed ? "CHANNEL_CLOSED" : "CHANNEL_LOST",
      WORDS
        ? `"${method}" was called ${isClosed ? "on a closed bridge" : "while the host is not connected"}.`
        : [method],
    );
  }
}

export function openConnection(options: ConnectionOptions): Connection {
  return new GuestConnection(options);
}
