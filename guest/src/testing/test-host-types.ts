/** The public shape of the test host. Types only. */
import type {
  AnyContract,
  ConfirmOptions,
  Contract,
  ErrorCode,
  EventInput,
  EventPayload,
  FrameSize,
  GuestModal,
  GuestSession,
  HandlerArgs,
  HandlerResult,
  MethodArgs,
  MethodName,
  MethodResult,
  Theme,
  ToastTone,
  TopicName,
} from "@breezeway/shared";
import type { AskedPlace } from "@breezeway/shared/schemas";
import type { CallOptions, Readable, Store, Unsubscribe } from "@breezeway/shared/channel";
import type { TestClock } from "@breezeway/shared/testing";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import type { GatewayHandler, GatewayRequest } from "./test-gateway.ts";

/** What a handler finds as `this`. */
export interface TestCallContext {
  readonly signal: AbortSignal;
}

export type TestHostMethods<C extends Contract> = {
  readonly [Name in MethodName<C>]?: (
    this: TestCallContext,
    ...args: HandlerArgs<C, Name>
  ) => HandlerResult<C, Name> | PromiseLike<HandlerResult<C, Name>>;
};

export interface TestHostOptions<C extends Contract = AnyContract> {
  /** Types and run-time checks, as in a real host. Default: any name, nothing checked. */
  readonly contract?: C;
  readonly methods?: TestHostMethods<C>;
  /** Default `test-app`. */
  readonly appId?: string;
  /** Default: every capability that the contract names, and those of the host's page. */
  readonly capabilities?: readonly string[];
  /** Scopes in the tokens. Default: none. */
  readonly scopes?: readonly string[];
  readonly context?: unknown;
  /** Default: light. */
  readonly theme?: Theme;
  /** BCP 47. Default `en`. */
  readonly locale?: string;
  /** Who is signed in; `null` for nobody. Default: `alice` of the tenant `acme`. */
  readonly session?: Partial<GuestSession> | null;
  /** Claims of the tokens besides the standard ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Life of a token, in seconds. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** How the host's page, and the person before it, take what the guest asks. */
  readonly ui?: TestHostUiOptions;
  /** Answers `bridge.fetch` after the token was checked. Default: every path is unknown. */
  readonly gateway?: GatewayHandler;
  /** Where the host's clock starts, epoch milliseconds. Default: the present. */
  readonly nowMs?: number;
}

/** Throw a BridgeError to refuse, such as with SURFACE_REFUSED. */
export interface TestHostUiOptions {
  /** The person's answer to a question. Default: yes. */
  readonly confirm?: (question: ConfirmOptions) => boolean | PromiseLike<boolean>;
  /** What the page in the dialog closes it with. Default: `undefined`, as when the person closes it. */
  readonly openModal?: (modal: GuestModal) => unknown;
  readonly navigate?: (target: AskedPlace) => void;
  /** What the frame gets of a size that was asked for. Default: all of it. */
  readonly resize?: (size: FrameSize) => FrameSize;
}

/** What the guest has asked of the host's page, oldest first. */
export interface TestHostUi {
  readonly toasts: readonly { readonly text: string; readonly tone: ToastTone }[];
  readonly questions: readonly ConfirmOptions[];
  readonly modals: readonly GuestModal[];
  /** Results that the guest has closed its own dialog with. */
  readonly closings: readonly unknown[];
  readonly navigations: readonly AskedPlace[];
  readonly paths: readonly string[];
  readonly sizes: readonly FrameSize[];
}

/** What can go wrong, at the test's word. */
export interface TestHostFaults {
  /** The channel breaks. The guest shakes hands again at once, unless the host is away. */
  drop(): void;
  /** The host goes without a word, and answers nothing until `away(false)`. */
  away(isAway?: boolean): void;
  /** Handshakes are refused with this code; `undefined` ends it. */
  refuse(code: ErrorCode | undefined): void;
  /** Messages vanish in both directions and nobody notices, until `swallow(false)`. */
  swallow(isOn?: boolean): void;
  /** Every message takes this long on the host's clock; 0 ends it. */
  delay(ms: number): void;
  /** The last token runs out before the next one came, as after the sleep of a laptop. */
  expire(): void;
  /**
   * The guest's document is loaded anew: bridges of the old one are cut off for good, and the next
   * `connect()` opens one of the new document.
   */
  reload(): void;
  /** The session ends on the server: the guest is told, and its tokens are refused. */
  revoke(): void;
  /** The issuer cannot be reached: no new tokens until `offline(false)`. */
  offline(isOffline?: boolean): void;
  /** The issuer refuses to give this app a token, until `deny(false)`. */
  deny(isDenied?: boolean): void;
}

export interface TestHostSession extends Readable<GuestSession | null> {
  /** Default: `alice` of `acme`, each time with a new handle. */
  signIn(session?: Partial<GuestSession>): void;
  signOut(): void;
  switchTenant(tenantId: string): void;
}

export interface TestHostEvents<C extends Contract> {
  /** Sends an event if the guest subscribes to its topic. */
  publish<Topic extends TopicName<C>>(
    topic: Topic,
    payload: EventInput<C, Topic>,
    options?: { readonly retained?: boolean },
  ): void;
  /** Listens to what the guest publishes. */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
  ): Unsubscribe;
}

export interface TestHost<C extends Contract = AnyContract> {
  /** Opens a bridge to this host with the real `createAppBridge`. */
  connect(options?: BridgeOptions<C>): Promise<AppBridge<C>>;
  /** For a guest that opens its bridge itself: `createAppBridge(host.bridgeOptions)`. */
  readonly bridgeOptions: BridgeOptions<C>;
  readonly event: TestHostEvents<C>;
  /** Calls a method that the guest exposes. */
  call<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    ...args:
      | MethodArgs<C, Name, "guestMethods">
      | readonly [...MethodArgs<C, Name, "guestMethods">, CallOptions]
  ): Promise<MethodResult<C, Name, "guestMethods">>;
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  readonly locale: Store<string>;
  readonly capabilities: Store<readonly string[]>;
  readonly session: TestHostSession;
  readonly faults: TestHostFaults;
  readonly isConnected: boolean;
  /** What the guest has called, oldest first. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** What the guest has published, oldest first. */
  readonly published: readonly { readonly topic: string; readonly payload: unknown }[];
  /** Topics that the guest subscribes to at present. */
  readonly subscriptions: ReadonlySet<string>;
  /** Results that the guest gave to `setupCompleted`. */
  readonly setups: readonly unknown[];
  readonly ui: TestHostUi;
  /** What `bridge.fetch` has sent to the gateway. */
  readonly requests: readonly GatewayRequest[];
  /** Every token that was issued, oldest first. */
  readonly tokens: readonly string[];
  /** Errors that no caller waited for, of both sides. */
  readonly errors: readonly unknown[];
  /** Time of host and guest. It stands still until it is moved. */
  readonly clock: TestClock;
  /** Moves the clock; what falls due happens, on both sides. */
  advance(ms: number): Promise<void>;
  /** Resolves when every message that is on its way has arrived. */
  settled(): Promise<void>;
  /** Closes the bridges of `connect()` and the channel. */
  close(): void;
}
