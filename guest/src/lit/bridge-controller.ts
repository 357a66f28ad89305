/**
 * The bridge as a reactive controller: an element that has one renders again whenever the bridge
 * connects or something that the host says changes.
 *
 * [LC-1] The element's life is the bridge's: opened when it is connected to the document, closed when
 *        it leaves. All elements of a page share one connection.
 * [LC-2] An element that is moved within the document keeps its bridge: leaving counts only when it
 *        has not come back by the end of the task's microtasks.
 * [LC-3] Nothing of lit is imported but types.
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
  /** A bridge that is open already. The controller does not close it. */
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

  /** @param element the element whose life the bridge follows */
  constructor(element: ReactiveControllerHost, options: BridgeControllerOptions<C> = {}) {
    this.#element = element;
    this.#options = options;
    element.addController(this);
  }

  /** `undefined` until it is connected, and while the element is not in the document. */
  get bridge(): AppBridge<C> | undefined {
    return this.#bridge;
  }

  /** Why the bridge could not be opened. */
  get error(): unknown {
    return this.#error;
  }

  get state(): ConnectionState {
    return this.#bridge?.state ?? (this.#error === undefined ? "connecting" : "closed");
  }

  /** Who is signed in; `null` for nobody, and before the bridge is connected. */
  get session(): GuestSession | null {
    return this.#bridge?.session.current ?? null;
  }

  /** The session token; `null` while signed out or late. For requests use `bridge.fetch`. */
  get token(): string | null {
    return this.#bridge?.session.token.current ?? null;
  }

  /** What the host says about where this guest stands. Nothing about its shape was checked. */
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
   * Listens to a topic whenever the bridge is there.
   *
   * @returns a function that stops listening
   */
  on<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
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
      const bridge = this.#options.bridge ?? (await createAppBridge<C>(this.#options));
      if (this.#isConnected) this.#follow(bridge);
      else if (!this.#options.bridge) bridge.close();
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
