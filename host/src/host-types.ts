/// <reference lib="esnext.disposable" preserve="true" />
/** The public shape of a host. Types only. */
import type {
  AnyContract,
  ChannelLimits,
  Contract,
  EventInput,
  EventPayload,
  Frame,
  HandlerArgs,
  HandlerResult,
  MethodName,
  Theme,
  TopicName,
} from "@breezeway/shared";
import type { AppRegistry, ManifestInput, RegisteredApp } from "@breezeway/shared/schemas";
import type { Clock, Store, Unsubscribe } from "@breezeway/shared/channel";
import type { HostApps } from "./apps/host-apps.ts";
import type { HostInstallations } from "./installations/host-installations.ts";
import type { GuestSender, HostCallContext, Mount, MountOptions } from "./mount-types.ts";
import type { HostSession } from "./session/host-session.ts";
import type { SessionEventStream } from "./session/session-events.ts";
import type { SignOutMemory } from "./session/sign-out-memory.ts";
import type { Visibility } from "./session/visibility.ts";
import type { HostUi, NavigationTarget } from "./surfaces/host-ui.ts";
import type { Tabs } from "./tabs/tabs.ts";

export type HostMethods<C extends Contract> = {
  readonly [Name in MethodName<C>]?: (
    this: HostCallContext,
    ...args: HandlerArgs<C, Name>
  ) => HandlerResult<C, Name> | PromiseLike<HandlerResult<C, Name>>;
};

export interface HostOptions<C extends Contract = AnyContract> {
  /** Base URL of the issuer, absolute or relative to the page: `/auth`. It must be same-origin. */
  readonly issuerUrl: string;
  /** Base URL of the gateway, absolute or relative to the page. Default: none. */
  readonly gatewayUrl?: string;
  /** Default: the issuer's apps, as they change. */
  readonly apps?: AppRegistry | readonly ManifestInput[];
  /** Types and run-time checks of methods and events. Default: any name is allowed, nothing is checked. */
  readonly contract?: C;
  readonly methods?: HostMethods<C>;
  /** Initial value of `host.context`. It must survive `structuredClone`. */
  readonly context?: unknown;
  /**
   * Initial value of `host.theme`: what the page around the apps looks like. Default: `{ scheme: "light" }`,
   * and every frame is opaque until the first `host.theme.set`.
   */
  readonly theme?: Theme;
  /** Initial value of `host.locale`, a BCP 47 language tag. Default: `en`. */
  readonly locale?: string;
  readonly limits?: Partial<ChannelLimits>;
  /**
   * Milliseconds that a guest has for its handshake before its mount is `lost`. From 1 to 600 000.
   * Default: 10 000.
   */
  readonly handshakeTimeoutMs?: number;
  /**
   * `true` for an app that must not hold tokens. The host sends its requests instead:
   * `bridge.fetch(url, { via: "host" })`. Default: every app gets tokens.
   */
  readonly withholdTokens?: (app: RegisteredApp) => boolean;
  /** Called when an app calls `setupCompleted`. */
  readonly onSetupCompleted?: (app: RegisteredApp, result: unknown) => void | PromiseLike<void>;
  /**
   * Shows toasts and dialogs for apps that have the capability. `createHostUi()` of
   * `@breezeway/host/element` is ready to use. Default: none; requests are refused with SURFACE_REFUSED.
   */
  readonly ui?: HostUi;
  /**
   * Called when an app asks to navigate. Throw a BridgeError to refuse. Default: every navigation is
   * refused with SURFACE_REFUSED.
   */
  readonly onNavigate?: (target: NavigationTarget, source: GuestSender) => void | PromiseLike<void>;
  /**
   * Whether there is user activation (a recent click or key press), which dialogs and navigation
   * require. Replace it on platforms without `navigator.userActivation`. Default: the page's transient
   * activation, and that of the app's own frame in browsers that report it (Chromium).
   */
  readonly isUserActive?: () => boolean;
  /**
   * Receives errors that no caller waits for: errors of an app, or, without an app, that no issuer
   * answers at `issuerUrl`. Default: the window's `error` event (`reportError`).
   */
  readonly onError?: (error: unknown, app?: RegisteredApp) => void;
  readonly fetch?: typeof fetch;
  /** Replaces browser features in a runtime without a page, such as React Native. Default: the page. */
  readonly platform?: HostPlatform;
}

/** Replacements for browser features. A host with a platform shares its work with no other tab. */
export interface HostPlatform {
  readonly visibility: Visibility;
  /** Opens the issuer's event stream, as `new EventSource(url)` does in a browser. */
  readonly openStream: (url: string) => SessionEventStream;
}

/** Effects that a test controls. See `createHostForTesting` in `@breezeway/host/testing`. */
export interface HostTestHooks {
  readonly clock?: Clock;
  /** Returns 0 ≤ x < 1. Default: `Math.random`. */
  readonly random?: () => number;
  readonly openStream?: HostPlatform["openStream"];
  /** The host's other tabs. Default: BroadcastChannel and Web Locks. */
  readonly tabs?: Tabs;
  readonly visibility?: Visibility;
  /** Where a sign-out waits that the issuer has not confirmed. Default: `localStorage`. */
  readonly signOutMemory?: SignOutMemory;
}

export interface PublishOptions {
  /** Id of the only app that receives the event. Default: all apps. */
  readonly to?: string;
  /** Keep the event for later subscribers. Default: what the contract says. */
  readonly retained?: boolean;
}

export interface HostEvents<C extends Contract> {
  /**
   * Sends an event to all guests that subscribe to its topic and have its capability.
   *
   * @throws {BridgeError} EVENT_TOPIC_INVALID, EVENT_PAYLOAD_INVALID
   */
  publish<Topic extends TopicName<C>>(
    topic: Topic,
    payload: EventInput<C, Topic>,
    options?: PublishOptions,
  ): void;
  /** Listens to events of guests. What a listener throws or rejects with goes to `onError`. */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>, source: GuestSender) => unknown,
  ): Unsubscribe;
}

/** One frame that passed a channel: kinds, names, times and codes, never a value. */
export interface TapEvent {
  readonly appId: string;
  /** The version of the page that the mount shows, by the registry; nothing that the guest says. */
  readonly version: string;
  /** `stable`, or the channel of that version. */
  readonly channel: string;
  /** Distinguishes two mounts of the same app. */
  readonly mountId: string;
  readonly direction: "in" | "out";
  readonly kind: Frame[0] | "refused-message";
  /** Method, topic or state key. */
  readonly name: string | undefined;
  readonly callId: number | undefined;
  /** In an answer: milliseconds since its call. */
  readonly latencyMs: number | undefined;
  /** Code of an error or a refusal. */
  readonly code: string | undefined;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

export interface Host<C extends Contract = AnyContract> extends Disposable {
  readonly apps: HostApps;
  readonly session: HostSession;
  /** Apps of the tenant. It needs an issuer with installations, and a session that may manage them. */
  readonly installations: HostInstallations;
  readonly event: HostEvents<C>;
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  readonly locale: Store<string>;
  readonly mounts: readonly Mount<C>[];
  /**
   * Shows an app in a frame. The mount closes when the app is removed or suspended, or when it moves to
   * another origin or loses rights in the host; its `error` says why.
   *
   * @throws {BridgeError} APP_UNKNOWN, APP_SUSPENDED, CONFIG_INVALID
   */
  mount(appId: string, options: MountOptions): Mount<C>;
  /** Reports each frame that passes between the host and its guests, for developer tools. */
  tap(listener: (event: TapEvent) => void): Unsubscribe;
  /** Closes mounts, timers and streams. `using` calls it at the end of its block. */
  close(): void;
}
