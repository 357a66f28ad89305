/// <reference lib="esnext.disposable" preserve="true" />
/** The public shape of a bridge. Types only. */
import type {
  AnyContract,
  ConfirmOptions,
  Contract,
  DecodedToken,
  EventInput,
  EventPayload,
  FrameSize,
  GuestSession,
  HandlerArgs,
  HandlerResult,
  MethodArgs,
  MethodName,
  MethodResult,
  NavigateOptions,
  NavigateTarget,
  OpenModalOptions,
  Theme,
  ToastOptions,
  TopicName,
} from "@breezeway/shared";
import type { CallOptions, Readable, Unsubscribe } from "@breezeway/shared/channel";
import type { BridgeFetch } from "./fetch/bridge-fetch.ts";
import type { Proof } from "./proof/create-proof.ts";
import type { ConnectionState } from "./connection/connection.ts";
import type { HostLink } from "./transport/host-link.ts";

/** Methods that every host has, besides those of the contract. */
export interface BuiltInMethods {
  /** The current session token, fresh enough to use. */
  getSessionToken: () => string;
  /** The same as `getSessionToken`: session tokens are bound to the app already. */
  getAppToken: () => string;
  /** Tells the host that the setup of this app is done. */
  setupCompleted: (result?: unknown) => void;
  /** Goes to a path of the host, or to a page of an app. */
  navigate: (target: NavigateTarget, options?: NavigateOptions) => void;
  /** Tells the host which page of this app is shown: a path of its origin. */
  reportPath: (path: string) => void;
  /** Asks for another size of the frame; resolves to the size that the host has allowed. */
  resize: (size: FrameSize) => FrameSize;
  /** Shows a short text in the host's page. At most 200 characters. */
  showToast: (text: string, options?: ToastOptions) => void;
  /** Asks the person in a dialog of the host. A person takes their time: give a `timeoutMs`. */
  confirm: (options: ConfirmOptions) => boolean;
  /**
   * Shows a `modal` placement of this app in a dialog of the host, and resolves to what that page
   * gives to `closeModal`; `undefined` when the person has closed it. Give a `timeoutMs`.
   */
  openModal: (name: string, options?: OpenModalOptions) => unknown;
  /** Closes the dialog that shows this page. */
  closeModal: (result?: unknown) => void;
}

/** How those methods are called on any bridge, whatever its contract. */
export interface BuiltInCaller {
  call<Name extends keyof BuiltInMethods>(
    name: Name,
    ...args: WithOptions<Parameters<BuiltInMethods[Name]>>
  ): Promise<ReturnType<BuiltInMethods[Name]>>;
}

type WithOptions<Args extends readonly unknown[]> = Args | readonly [...Args, CallOptions];

/** What a handler finds as `this`. */
export interface GuestCallContext {
  /** Fires when the host gives up waiting, or is gone. */
  readonly signal: AbortSignal;
}

export interface BridgeMethods<C extends Contract> {
  /**
   * Calls a method of the host. Options, made by `callOptions`, may follow the arguments.
   *
   * @throws {BridgeError} CALL_METHOD_UNKNOWN, CALL_ARGUMENTS_INVALID, CALL_RESULT_INVALID,
   * CAPABILITY_MISSING, CALL_FAILED (the handler threw), CALL_TIMEOUT, CALL_ABORTED, CHANNEL_LOST,
   * CHANNEL_CLOSED, CALL_LIMIT_EXCEEDED, VALUE_NOT_CLONEABLE, or a code that the handler chose.
   */
  call<Name extends keyof BuiltInMethods>(
    name: Name,
    ...args: WithOptions<Parameters<BuiltInMethods[Name]>>
  ): Promise<ReturnType<BuiltInMethods[Name]>>;
  call<Name extends MethodName<C>>(
    name: Name,
    ...args: WithOptions<MethodArgs<C, Name>>
  ): Promise<MethodResult<C, Name>>;
  /**
   * Lets the host call a function of this guest. `this` is a {@link GuestCallContext}.
   *
   * @returns a function that takes it back
   */
  expose<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    handler: (
      this: GuestCallContext,
      ...args: HandlerArgs<C, Name, "guestMethods">
    ) =>
      HandlerResult<C, Name, "guestMethods"> | PromiseLike<HandlerResult<C, Name, "guestMethods">>,
  ): Unsubscribe;
}

export interface BridgeEvents<C extends Contract> {
  /**
   * Listens to a topic of the host. A retained topic gives its current payload at once.
   *
   * @throws {BridgeError} EVENT_TOPIC_INVALID, CAPABILITY_MISSING (with a contract)
   */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
  ): Unsubscribe;
  /**
   * Sends an event to the host.
   *
   * @throws {BridgeError} EVENT_TOPIC_INVALID, CAPABILITY_MISSING (with a contract), CHANNEL_LOST,
   * CHANNEL_CLOSED. What the host refuses later goes to `onError`.
   */
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): void;
}

export interface BridgeSession extends Readable<GuestSession | null> {
  /**
   * The token as it is now; `null` while signed out, or while the next one is late. For a request
   * use `fetch` or `getSessionToken()`, which wait for a fresh one.
   */
  readonly token: Readable<string | null>;
  /** The token now, then each new one; `null` while signed out. Ends when the bridge closes. */
  tokens(): AsyncIterable<string | null>;
  /** The claims of the current token, unverified: for display, never for a decision. */
  claims(): DecodedToken | null;
}

/** One guest's bridge to its host. */
export interface AppBridge<C extends Contract = AnyContract> extends Disposable {
  /** The id under which the host has registered this app. */
  readonly appId: string;
  readonly method: BridgeMethods<C>;
  readonly event: BridgeEvents<C>;
  readonly session: BridgeSession;
  /** What the host says about where this guest stands. */
  readonly context: Readable<unknown>;
  readonly theme: Readable<Theme>;
  /** BCP 47 language tag. */
  readonly locale: Readable<string>;
  readonly state: ConnectionState;
  /** Calls the listener with the current state, then with each new one. */
  readonly subscribeState: (listener: (state: ConnectionState) => void) => Unsubscribe;
  /**
   * The session token as a compact JWT, good for at least 3 seconds more.
   *
   * @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED, HOST_GONE
   */
  getSessionToken(): Promise<string>;
  /**
   * `fetch` with the session token. Relative URLs go to the gateway.
   *
   * @throws {BridgeError} FETCH_ORIGIN_NOT_ALLOWED, FETCH_FAILED, and those of `getSessionToken`.
   * An abort rejects as `fetch` does.
   */
  readonly fetch: BridgeFetch;
  /** Whether the host has granted a capability to this app. */
  can(capability: string): boolean;
  /** Ends the bridge: calls under way reject with CHANNEL_CLOSED. Also where `using` ends. */
  close(): void;
}

export interface BridgeOptions<C extends Contract = AnyContract> {
  /**
   * Exact origins that may embed this guest. Default: the `breezeway-host-origins` meta tag, else
   * `data-host-origins` of the script tag.
   */
  readonly hostOrigins?: readonly string[];
  /**
   * Another way to the host than the page around this one: that of the test kit, or of a host that
   * is no web page. `hostOrigins` is of no use then. Default: `window.parent`.
   */
  readonly link?: HostLink;
  /** Types and run-time checks for methods and events. Default: any name, nothing checked. */
  readonly contract?: C;
  /** Milliseconds until HANDSHAKE_TIMEOUT. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Asks for tokens that are bound to a key of this page, so that nobody else can use them, and has
   * `fetch` prove it: `await createProof()` of `@breezeway/guest/proof`. All bridges of a page share one
   * connection, and with it the key of the first. Default: tokens that are bound to no key.
   */
  readonly proof?: Proof;
  /** `false`: the host pushes no tokens, each is asked for when it is needed. Default `true`. */
  readonly autoRefresh?: boolean;
  /** Origins besides the host's gateway that `fetch` sends the token to. Default: none. */
  readonly gatewayOrigins?: readonly string[];
  /** Errors that no caller waits for. Default: the window's `error` event (`reportError`). */
  readonly onError?: (error: unknown) => void;
  /** Default: the window's. */
  readonly fetch?: typeof fetch;
}
