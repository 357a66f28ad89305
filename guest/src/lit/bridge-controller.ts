/**
 * The bridge as a reactive controller: its element renders again whenever the bridge connects or the
 * host changes its state.
 *
 * [LC-1] The bridge opens when the element enters the document, and closes when it leaves. All
 *        elements of a page share one connection.
 * [LC-2] An element that moves within the document keeps its bridge: it has left only if it is still
 *        outside the document after the task's microtasks.
 * [LC-3] Only types are imported from lit.
 */
import type {
  AnyContract,
  Contract,
  EventPayload,
  GuestSession,
  Theme,
  TopicName,
} from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import type { ConnectionState } from "../connection/connection.ts";
import { createAppBridge } from "../create-app-bridge.ts";

export interface BridgeControllerOptions<
  C extends Contract = AnyContract,
> extends BridgeOptions<C> {
  /** An open bridge, which the controller does not close. Default: the controller opens its own. */
  readonly bridge?: AppBridge<C>;
}

interface TopicListener {
  readonly start: () => Unsubscribe | undefined;
  stop: Unsubscribe | undefined;
}

/**
 * @example
 * class OrderList extends LitElement {
 *   readonly #host = new BridgeController(this);
 *   render() {
 *     return html`Hello ${this.#host.session?.userId}`;
 *   }
 * }
 */
export class BridgeController<C extends Contract = AnyContract> implements ReactiveController {
  readonly #element: ReactiveControllerHost;
  readonly #options: BridgeControllerOptions<C>;
  readonly #listeners = new Set<TopicListener>();
  #bridge: AppBridge<C> | undefined;
  #error: unknown;
  #stop: Unsubscribe[] = [];
  #isConnected = false;
  #opening = false;

  /** @param element The bridge is open while this element is in the document. */
  constructor(element: ReactiveControllerHost, options: BridgeControllerOptions<C> = {}) {
    this.#element = element;
    this.#options = options;
    element.addController(this);
  }

  /** The bridge; `undefined` until it is connected, and while the element is outside the document. */
  get bridge(): AppBridge<C> | undefined {
    return this.#bridge;
  }

  /** The error with which opening the bridge failed; `undefined` otherwise. */
  get error(): unknown {
    return this.#error;
  }

  get state(): ConnectionState {
    return this.#bridge?.state ?? (this.#error === undefined ? "connecting" : "closed");
  }

  /** The session of the signed-in user; `null` when nobody is signed in or the bridge is not connected. */
  get session(): GuestSession | null {
    return this.#bridge?.session.current ?? null;
  }

  /** The session token; `null` while signed out or while the next token is late. For requests use `bridge.fetch`. */
  get token(): string | null {
    return this.#bridge?.session.token.current ?? null;
  }

  /** The host's context for this guest. Its form is not checked. */
  get context(): unknown {
    return this.#bridge?.context.current;
  }

  get theme(): Theme | undefined {
    return this.#bridge?.theme.current;
  }

  /** BCP 47 language tag. */
  get locale(): string | undefined {
    return this.#bridge?.locale.current;
  }

  /**
   * Listens to a topic while the bridge is connected.
   *
   * @returns A function that stops listening.
   */
  on<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => unknown,
  ): Unsubscribe {
    const entry: TopicListener = {
      start: () => this.#bridge?.event.subscribe(topic, listener),
      stop: undefined,
    };
    this.#listeners.add(entry);
    entry.stop = entry.start();
    return () => {
      this.#listeners.delete(entry);
      entry.stop?.();
    };
  }

  hostConnected(): void {
    this.#isConnected = true;
    if (this.#bridge || this.#opening) return;
    this.#opening = true;
    void this.#open();
  }

  hostDisconnected(): void {
    this.#isConnected = false;
    queueMicrotask(() => {
      if (!this.#isConnected) this.#release();
    });
  }

  async #open(): Promise<void> {
    try {
      const { bridge: given, ...options } = this.#options;
      const bridge = given ?? (await createAppBridge<C>(options));
      if (this.#isConnected) this.#follow(bridge);
      else if (!given) bridge.close();
    } catch (error) {
      this.#error = error;
      this.#element.requestUpdate();
    } finally {
      this.#opening = false;
    }
  }

  #follow(bridge: AppBridge<C>): void {
    const update = (): void => this.#element.requestUpdate();
    this.#bridge = bridge;
    this.#error = undefined;
    this.#stop = [
      bridge.subscribeState(update),
      bridge.session.subscribe(update),
      bridge.session.token.subscribe(update),
      bridge.context.subscribe(update),
      bridge.theme.subscribe(update),
      bridge.locale.subscribe(update),
    ];
    for (const entry of this.#listeners) entry.stop = entry.start();
  }

  #release(): void {
    for (const unsubscribe of this.#stop.splice(0)) unsubscribe();
    for (const entry of this.#listeners) entry.stop?.();
    if (!this.#options.bridge) this.#bridge?.close();
    this.#bridge = undefined;
    this.#error = undefined;
  }
}
