/// <reference lib="esnext.disposable" preserve="true" />
/** The public shape of a bridge. Types, but for one name. */
import type {
  AnyContract,
  AppScopes,
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
  ScopeAnswer,
  Theme,
  ToastOptions,
  TopicName,
} from "@breezeway/shared";
import type { CallOptions, Readable, Unsubscribe } from "@breezeway/shared/channel";
import type { BridgeFetch } from "./fetch/bridge-fetch.ts";
import type { Proof } from "./proof/create-proof.ts";
import type { ConnectionState } from "./connection/connection.ts";
import type { HostLink } from "./transport/host-link.ts";

/** Methods that every host has in addition to those of the contract. */
export interface BuiltInMethods {
  /** Returns a session token that is valid for at least 3 seconds. */
  getSessionToken: () => string;
  /** The same as `getSessionToken`, since every session token belongs to one app. */
  getAppToken: () => string;
  /** Notifies the host that the setup of this app is complete. */
  setupCompleted: (result?: unknown) => void;
  /** What `bridge.scopes.query` returns. */
  queryScopes: () => AppScopes;
  /** What `bridge.scopes.request` does. */
  requestScopes: (scopes: readonly string[]) => ScopeAnswer;
  /** Navigates to a path of the host, or to a page of an app. */
  navigate: (target: NavigateTarget, options?: NavigateOptions) => void;
  /** Reports the page that this app shows, as a path of its origin. */
  reportPath: (path: string) => void;
  /** Requests another size of the frame. Resolves to the size that the host allows. */
  resize: (size: FrameSize) => FrameSize;
  /** Shows a text of at most 200 characters in the host's page. */
  showToast: (text: string, options?: ToastOptions) => void;
  /** Asks the user in a dialog of the host. Pass a long `timeoutMs`, since users take their time. */
  confirm: (options: ConfirmOptions) => boolean;
  /**
   * Shows a `modal` placement of this app in a dialog of the host. Resolves to the value that its page
   * passes to `closeModal`; `undefined` when the user closes it. Pass a long `timeoutMs`.
   */
  openModal: (name: string, options?: OpenModalOptions) => unknown;
  /** Closes the dialog that shows this page. */
  closeModal: (result?: unknown) => void;
}

/** Calls of these methods, available on a bridge with any contract. */
export interface BuiltInCaller {
  call<Name extends keyof BuiltInMethods>(
    name: Name,
    ...args: WithOptions<Parameters<BuiltInMethods[Name]>>
  ): Promise<ReturnType<BuiltInMethods[Name]>>;
}

/** `string` when a contract does not list names, else `never`. */
type AnyName<Name extends string> = string extends Name ? string : never;

type UntypedMethod<C extends Contract, Handler> = readonly [
  name: AnyName<MethodName<C, "guestMethods">>,
  handler: Handler,
];

type UntypedEvent<C extends Contract, Payload> = readonly [
  topic: AnyName<TopicName<C>>,
  payload: Payload,
];

type WithOptions<Args extends readonly unknown[]> = Args | readonly [...Args, CallOptions];

/** `this` of a handler. */
export interface GuestCallContext {
  /** Fires when the host aborts the call, or is gone. */
  readonly signal: AbortSignal;
}

export interface BridgeMethods<C extends Contract> {
  /**
   * Calls a method of the host. Options from `callOptions` may follow the arguments.
   *
   * @throws {BridgeError} CALL_METHOD_UNKNOWN, CALL_ARGUMENTS_INVALID, CALL_RESULT_INVALID,
   * CAPABILITY_MISSING, CALL_FAILED (the handler threw), CALL_TIMEOUT, CALL_ABORTED, CHANNEL_LOST,
   * CHANNEL_CLOSED, CALL_LIMIT_EXCEEDED, VALUE_NOT_CLONEABLE, or a code of the handler's choice
   */
  call<Name extends keyof BuiltInMethods>(
    name: Name,
    ...args: WithOptions<Parameters<BuiltInMethods[Name]>>
  ): Promise<ReturnType<BuiltInMethods[Name]>>;
  /** Without a contract, the type argument is the result, which nothing checks. */
  call<Result = unknown>(
    name: AnyName<MethodName<C>>,
    ...args: readonly unknown[]
  ): Promise<NoInfer<Result>>;
  call<Name extends MethodName<C>>(
    name: Name,
    ...args: WithOptions<MethodArgs<C, Name>>
  ): Promise<MethodResult<C, Name>>;
  /**
   * Lets the host call a function of this guest. Its `this` is a {@link GuestCallContext}. Refusals go
   * to `onError`: CALL_METHOD_UNKNOWN, CHANNEL_CLOSED.
   *
   * Without a contract, `call` of this bridge uses the function too, when the host has no such method.
   *
   * @returns A function that withdraws it.
   * @throws {TypeError} for arguments of another type
   */
  expose<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    handler: (
      this: GuestCallContext,
      ...args: HandlerArgs<C, Name, "guestMethods">
    ) =>
      | HandlerResult<C, Name, "guestMethods">
      | PromiseLike<HandlerResult<C, Name, "guestMethods">>,
  ): Unsubscribe;
  /** Without a contract, the type argument is the function, which nothing checks. */
  expose<Handler extends (this: GuestCallContext, ...args: never[]) => unknown>(
    ...method: UntypedMethod<C, Handler>
  ): Unsubscribe;
  /** Returns whether this bridge exposes a function of this name. */
  isExposed(name: string): boolean;
}

export interface BridgeEvents<C extends Contract> {
  /**
   * Subscribes to a topic of the host. A retained topic delivers its current payload at once. Refusals
   * go to `onError`: EVENT_TOPIC_INVALID, CAPABILITY_MISSING, CHANNEL_CLOSED. So does what a listener
   * throws, or rejects with when it is asynchronous.
   *
   * @throws {TypeError} for arguments of another type
   */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => unknown,
  ): Unsubscribe;
  subscribe(topic: AnyName<TopicName<C>>, listener: (payload: never) => unknown): Unsubscribe;
  /**
   * Sends an event to the host. Refusals go to `onError`: EVENT_TOPIC_INVALID, EVENT_PAYLOAD_INVALID,
   * CAPABILITY_MISSING, CHANNEL_LOST, CHANNEL_CLOSED, VALUE_NOT_CLONEABLE.
   *
   * @throws {TypeError} for a topic of another type
   */
  publish<Topic extends TopicName<C>>(topic: Topic, payload: EventInput<C, Topic>): void;
  /** Without a contract, the type argument is the payload, which nothing checks. */
  publish<Payload>(...event: UntypedEvent<C, Payload>): void;
}

export interface BridgeSession extends Readable<GuestSession | null> {
  /**
   * The current token; `null` while signed out or while the next token is late. For requests use
   * `fetch` or `getSessionToken()`, which wait for a fresh token.
   */
  readonly token: Readable<string | null>;
  /**
   * Yields the current token, then each new one; `null` while signed out or while the first token is late.
   * Ends when the bridge closes.
   */
  tokens(): AsyncIterable<string | null>;
  /** Returns the unverified claims of the current token, for display and never for a decision. */
  claims(): DecodedToken | null;
}

/** Each method rejects with SURFACE_REFUSED, DENIED, SIGNED_OUT, OFFLINE or CALL_LIMIT_EXCEEDED. */
export interface BridgeScopes {
  /** The scopes of this app in the session's tenant. */
  query(): Promise<AppScopes>;
  /**
   * Has the host ask the user for scopes of the manifest, of which it shows those that are missing. Resolves without a
   * question when all are granted. After `granted`, this page has a token with the scopes that its user has.
   *
   * @throws {BridgeError} ACTIVATION_MISSING; CALL_ARGUMENTS_INVALID, for a scope that the manifest does not list
   */
  request(scopes: readonly string[], options?: { signal?: AbortSignal }): Promise<ScopeAnswer>;
}

/** One guest's bridge to its host. */
export interface AppBridge<C extends Contract = AnyContract> extends Disposable {
  /** The id under which the host has registered this app. */
  readonly appId: string;
  readonly method: BridgeMethods<C>;
  readonly event: BridgeEvents<C>;
  readonly session: BridgeSession;
  readonly scopes: BridgeScopes;
  /** The host's context for this guest. Its form is not checked. */
  readonly context: Readable<unknown>;
  readonly theme: Readable<Theme>;
  /** BCP 47 language tag. */
  readonly locale: Readable<string>;
  readonly state: ConnectionState;
  /** Calls the listener with the current state at once, then with each new state. */
  readonly subscribeState: (listener: (state: ConnectionState) => void) => Unsubscribe;
  /**
   * Resolves to the session token as a compact JWT, valid for at least 3 more seconds.
   *
   * @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED, HOST_GONE
   */
  getSessionToken(): Promise<string>;
  /**
   * `fetch` with the session token. Relative URLs are resolved on the gateway. An abort rejects as in
   * `fetch`.
   *
   * @throws {BridgeError} FETCH_ORIGIN_NOT_ALLOWED, FETCH_FAILED, and the codes of `getSessionToken`
   */
  readonly fetch: BridgeFetch;
  /** Returns whether the host has granted a capability to this app. */
  can(capability: string): boolean;
  /** Closes the bridge. Calls in flight reject with CHANNEL_CLOSED. `using` calls it, too. */
  close(): void;
}

/**
 * Exists so that `import { AppBridge }` without `type` compiles and loads where `verbatimModuleSyntax`
 * is on, as in apps whose former bridge was a class. Only the type has a use.
 */
export const AppBridge: undefined = undefined;

export interface BridgeOptions<C extends Contract = AnyContract> {
  /**
   * Exact origins that may embed this guest. Default: the `breezeway-host-origins` meta tag, else
   * `data-host-origins` of the script tag, else `/.well-known/breezeway.json` of the page's own origin.
   */
  readonly hostOrigins?: readonly string[];
  /**
   * Another way to the host than the parent page: that of the test kit, or of a host that is not a web
   * page. `hostOrigins` is not used then. Default: `window.parent`.
   */
  readonly link?: HostLink;
  /** Types and run-time checks for methods and events. Default: any name, nothing checked. */
  readonly contract?: C;
  /** Milliseconds until HANDSHAKE_TIMEOUT. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Binds tokens to a key of this page, so that nobody else can use them; `fetch` sends the proof. Pass
   * `await createProof()` of `@breezeway/guest/proof`. All bridges of a page share one connection, and
   * with it the key of the first bridge. Default: tokens are not bound to a key.
   */
  readonly proof?: Proof;
  /** `false`: the host pushes no tokens, and each is requested when it is needed. Default `true`. */
  readonly autoRefresh?: boolean;
  /** Further origins to which `fetch` sends the token. Default: only the host's gateway. */
  readonly gatewayOrigins?: readonly string[];
  /** Receives errors that no caller waits for. Default: the window's `error` event (`reportError`). */
  readonly onError?: (error: unknown) => void;
  /** Default: the window's `fetch`. */
  readonly fetch?: typeof fetch;
}
