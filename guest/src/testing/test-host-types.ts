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
  ScopeAnswer,
  Theme,
  ToastTone,
  TopicName,
} from "@breezeway/shared";
import type { AskedPlace } from "@breezeway/shared/schemas";
import type { CallOptions, Readable, Store, Unsubscribe } from "@breezeway/shared/channel";
import type { TestClock } from "@breezeway/shared/testing";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import type { GatewayHandler, GatewayRequest } from "./test-gateway.ts";

/** `this` of a handler. */
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
  /** Types and run-time checks, as in a real host. Default: any name, without checks. */
  readonly contract?: C;
  readonly methods?: TestHostMethods<C>;
  /** Default `test-app`. */
  readonly appId?: string;
  /** Default: every capability that the contract names, and those of the host's UI. */
  readonly capabilities?: readonly string[];
  /** Scopes in the tokens, as `scopes` of the manifest that are granted. Default: none. */
  readonly scopes?: readonly string[];
  /** `optionalScopes` of the manifest, which are not granted. Default: none. */
  readonly optionalScopes?: readonly string[];
  readonly context?: unknown;
  /** Default: light. */
  readonly theme?: Theme;
  /** BCP 47. Default `en`. */
  readonly locale?: string;
  /** The session; `null`: nobody is signed in. Default: `alice` of the tenant `acme`. */
  readonly session?: Partial<GuestSession> | null;
  /** Claims of the tokens in addition to the standard ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Life of a token, in seconds. Default 60. */
  readonly tokenTtlSeconds?: number;
  /** Answers of the host's UI and its user. */
  readonly ui?: TestHostUiOptions;
  /** Answers `bridge.fetch` after the token check. Default: every path is unknown. */
  readonly gateway?: GatewayHandler;
  /** Start of the host's clock in epoch milliseconds. Default: now. */
  readonly nowMs?: number;
}

/** Answers of the host's UI. A handler refuses by throwing a BridgeError, such as SURFACE_REFUSED. */
export interface TestHostUiOptions {
  /** The user's answer to a question. Default: yes. */
  readonly confirm?: (question: ConfirmOptions) => boolean | PromiseLike<boolean>;
  /** The result of the dialog. Default: `undefined`, as when the user closes it. */
  readonly openModal?: (modal: GuestModal) => unknown;
  /** The user's answer to a request for scopes. Default: `granted`. */
  readonly requestScopes?: (scopes: readonly string[]) => ScopeAnswer | PromiseLike<ScopeAnswer>;
  readonly navigate?: (target: AskedPlace) => void;
  /** The size that the frame gets. Default: the requested size. */
  readonly resize?: (size: FrameSize) => FrameSize;
}

/** Calls of the guest to the host's UI, oldest first. */
export interface TestHostUi {
  readonly toasts: readonly { readonly text: string; readonly tone: ToastTone }[];
  readonly questions: readonly ConfirmOptions[];
  readonly modals: readonly GuestModal[];
  /** Results with which the guest closed its own dialog. */
  readonly closings: readonly unknown[];
  readonly navigations: readonly AskedPlace[];
  readonly paths: readonly string[];
  readonly sizes: readonly FrameSize[];
  /** Scopes for which the user was asked. */
  readonly scopeRequests: readonly (readonly string[])[];
}

/** Faults that a test can cause. */
export interface TestHostFaults {
  /** The channel breaks. The guest reconnects at once, unless the host is away. */
  drop(): void;
  /** The host disappears without a close frame, and answers nothing until `away(false)`. */
  away(isAway?: boolean): void;
  /** Handshakes are refused with this code; `undefined` ends it. */
  refuse(code: ErrorCode | undefined): void;
  /** Messages are lost in both directions without notice, until `swallow(false)`. */
  swallow(isOn?: boolean): void;
  /** Every message takes this many milliseconds on the host's clock; 0 ends it. */
  delay(ms: number): void;
  /** The last token expires before the next one arrives, as after a laptop was asleep. */
  expire(): void;
  /**
   * The guest's document reloads: bridges of the old document stay disconnected, and the next
   * `connect()` opens a bridge of the new one.
   */
  reload(): void;
  /** The session is revoked: the guest is notified, and its tokens are rejected. */
  revoke(): void;
  /** The issuer is unreachable, and mints no tokens until `offline(false)`. */
  offline(isOffline?: boolean): void;
  /** The issuer refuses to mint a token for this app, until `deny(false)`. */
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
  /** Listens to events that the guest publishes. */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>) => void,
  ): Unsubscribe;
}

export interface TestHost<C extends Contract = AnyContract> {
  /** Opens a bridge to this host with the real `createAppBridge`. */
  connect(options?: BridgeOptions<C>): Promise<AppBridge<C>>;
  /** Options for a guest that opens its bridge itself: `createAppBridge(host.bridgeOptions)`. */
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
  /** Calls of the guest, oldest first. */
  readonly calls: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** Events that the guest has published, oldest first. */
  readonly published: readonly { readonly topic: string; readonly payload: unknown }[];
  /** Topics that the guest currently subscribes to. */
  readonly subscriptions: ReadonlySet<string>;
  /** Results that the guest passed to `setupCompleted`. */
  readonly setups: readonly unknown[];
  readonly ui: TestHostUi;
  /** Requests of `bridge.fetch` to the gateway. */
  readonly requests: readonly GatewayRequest[];
  /** Every token that was minted, oldest first. */
  readonly tokens: readonly string[];
  /** Errors of both sides that no caller waited for. */
  readonly errors: readonly unknown[];
  /** The clock of host and guest. It stands still until the test moves it. */
  readonly clock: TestClock;
  /** Moves the clock forward. Due timers of both sides fire. */
  advance(ms: number): Promise<void>;
  /** Resolves when every message has arrived. */
  settled(): Promise<void>;
  /** Closes the bridges of `connect()` and the channel. */
  close(): void;
}
