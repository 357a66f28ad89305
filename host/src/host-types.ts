/// <reference lib="esnext.disposable" preserve="true" />
/** The public shape of a host. Types only. */
import type {
  AnyContract,
  BridgeError,
  ChannelLimits,
  Contract,
  EventInput,
  EventPayload,
  Frame,
  FrameSize,
  HandlerArgs,
  HandlerResult,
  MethodArgs,
  MethodName,
  MethodResult,
  Theme,
  TopicName,
} from "@breezeway/shared";
import type { AppRegistry, ManifestInput, RegisteredApp } from "@breezeway/shared/schemas";
import type { CallOptions, Clock, Store, Unsubscribe } from "@breezeway/shared/channel";
import type { HostUi, NavigationTarget } from "./surfaces/host-ui.ts";
import type { HostInstallations } from "./installations/host-installations.ts";
import type { HostSession } from "./session/host-session.ts";
import type { OpenGuestPlace } from "./transport/guest-place.ts";
import type { SessionEventStream } from "./session/session-events.ts";
import type { Visibility } from "./session/visibility.ts";
import type { Tabs } from "./tabs/tabs.ts";

/** `lost`: no guest answers at the moment; one that comes later is welcomed. */
export type MountState = "connecting" | "connected" | "lost" | "closed";

/** What a handler finds as `this`. All of it comes from the host's registry, none from the guest. */
export interface HostCallContext {
  readonly app: RegisteredApp;
  readonly mount: Mount;
  /** Fires when the guest gives up waiting, or is gone. */
  readonly signal: AbortSignal;
}

export type HostMethods<C extends Contract> = {
  readonly [Name in MethodName<C>]?: (
    this: HostCallContext,
    ...args: HandlerArgs<C, Name>
  ) => HandlerResult<C, Name> | PromiseLike<HandlerResult<C, Name>>;
};

export interface HostOptions<C extends Contract = AnyContract> {
  /** Base URL of the issuer, absolute or relative to the page: `/auth`. Must be same-origin. */
  readonly issuerUrl: string;
  /** Base URL of the gateway, absolute or relative to the page. Default: none. */
  readonly gatewayUrl?: string;
  readonly apps: AppRegistry | readonly ManifestInput[];
  /** Types and run-time checks for methods and events. Default: any name, nothing checked. */
  readonly contract?: C;
  readonly methods?: HostMethods<C>;
  /** First values of what `host.context`, `theme` and `locale` hold. */
  readonly context?: unknown;
  readonly theme?: Theme;
  /** BCP 47. Default `en`. */
  readonly locale?: string;
  readonly limits?: Partial<ChannelLimits>;
  /** Milliseconds a guest has for its handshake before its mount is `lost`. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /**
   * Apps that get no tokens: their requests go through the host, `bridge.fetch(url, { via: "host" })`.
   * Default: none.
   */
  readonly withholdTokens?: (app: RegisteredApp) => boolean;
  /** An app has called `setupCompleted`. */
  readonly onSetupCompleted?: (app: RegisteredApp, result: unknown) => void | PromiseLike<void>;
  /**
   * Toasts and dialogs for apps that have the capability. Default: none; `createHostUi()` of
   * `@breezeway/host/element` is one that is ready.
   */
  readonly ui?: HostUi;
  /**
   * An app asks for another place. Throw a BridgeError to refuse. Default: all are refused with
   * SURFACE_REFUSED.
   */
  readonly onNavigate?: (target: NavigationTarget, source: GuestSender) => void | PromiseLike<void>;
  /**
   * Whether a person has done something in the page just now: without it no app opens a dialog or
   * goes elsewhere. Default: the browser's transient activation, `navigator.userActivation`, and in
   * browsers that tell that of the app's own frame (Chromium) that one.
   */
  readonly isUserActive?: () => boolean;
  /**
   * Errors that no caller waits for: of an app, or without one that no issuer answers at `issuerUrl`.
   * Default: the window's `error` event (`reportError`).
   */
  readonly onError?: (error: unknown, app?: RegisteredApp) => void;
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** 0 ≤ x < 1. Default `Math.random`. */
  readonly random?: () => number;
  /** Opens the issuer's event stream. Default: `EventSource`. */
  readonly openStream?: (url: string) => SessionEventStream;
  /** The host's other tabs. Default: BroadcastChannel and Web Locks. */
  readonly tabs?: Tabs;
  /** Default: the page's. */
  readonly visibility?: Visibility;
}

export type MountOptions = MountSettings & MountTarget;

export type MountTarget =
  | {
      /** The frame becomes its last child. */
      readonly container: Element;
      readonly place?: undefined;
    }
  | {
      /** Shows the app elsewhere than in a frame of this page, such as in the test kit. */
      readonly place: OpenGuestPlace;
      readonly container?: undefined;
    };

/**
 * How large the app may make its place, in CSS pixels. A side without a maximum is the host's alone.
 * Minima are 0 by default.
 */
export interface SizeLimits {
  readonly minHeightPx?: number;
  readonly maxHeightPx?: number;
  readonly minWidthPx?: number;
  readonly maxWidthPx?: number;
}

export interface MountSettings extends SizeLimits {
  /** Page to open, relative to the app's `url`. Default: that URL. */
  readonly path?: string;
  /** Name of the place in the host, told to the guest in its context. */
  readonly placement?: string;
  /** Laid over the host's context for this frame. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** The app asks for another size, within the limits. Default: the frame gets it. */
  readonly onResize?: (size: FrameSize) => void;
  /** The app has gone to another page of its own. Opened with this as `path`, it is there again. */
  readonly onPathChange?: (path: string) => void;
}

export interface Mount<C extends Contract = AnyContract> extends Disposable {
  readonly app: RegisteredApp;
  /** @throws {BridgeError} CONFIG_INVALID when the app is in no frame of this page */
  readonly element: HTMLIFrameElement;
  readonly state: MountState;
  /** Why the state is `lost` or `closed`. */
  readonly error: BridgeError | null;
  readonly subscribeState: (listener: (state: MountState) => void) => Unsubscribe;
  /** Calls a method that the guest exposes. */
  call<Name extends MethodName<C, "guestMethods">>(
    name: Name,
    ...args:
      | MethodArgs<C, Name, "guestMethods">
      | readonly [...MethodArgs<C, Name, "guestMethods">, CallOptions]
  ): Promise<MethodResult<C, Name, "guestMethods">>;
  /** Replaces what `context` laid over the host's context. */
  setContext(context: Readonly<Record<string, unknown>>): void;
  /** Loads the app anew. */
  reload(): void;
  /** Tells the guest, removes the frame; also where `using` ends. */
  close(): void;
}

export interface PublishOptions {
  /** Only frames of this app. Default: all. */
  readonly to?: string;
  /** Keep for later subscribers. Default: what the contract says. */
  readonly retained?: boolean;
}

export interface GuestSender {
  readonly app: RegisteredApp;
  readonly mount: Mount;
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
  /** Listens to events of guests. */
  subscribe<Topic extends TopicName<C>>(
    topic: Topic,
    listener: (payload: EventPayload<C, Topic>, source: GuestSender) => void,
  ): Unsubscribe;
}

/** One frame that passed, as a tool may show it: kinds, names, times and codes, never a value. */
export interface TapEvent {
  readonly appId: string;
  /** Tells the frames of one mount from those of another of the same app. */
  readonly mountId: string;
  readonly direction: "in" | "out";
  readonly kind: Frame[0] | "refused-message";
  /** Method, topic or state key. */
  readonly name: string | undefined;
  readonly callId: number | undefined;
  /** Of an answer: milliseconds since its call. */
  readonly latencyMs: number | undefined;
  /** Code of an error or a refusal. */
  readonly code: string | undefined;
  readonly atMs: number;
}

export interface Host<C extends Contract = AnyContract> extends Disposable {
  readonly apps: AppRegistry;
  readonly session: HostSession;
  /** Apps of the tenant; for an issuer with installations, and whoever may manage them. */
  readonly installations: HostInstallations;
  readonly event: HostEvents<C>;
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  readonly locale: Store<string>;
  readonly mounts: readonly Mount<C>[];
  /**
   * Shows an app in a frame.
   *
   * @throws {BridgeError} APP_UNKNOWN, CONFIG_INVALID
   */
  mount(appId: string, options: MountOptions): Mount<C>;
  /** A timeline of what passes. */
  tap(listener: (event: TapEvent) => void): Unsubscribe;
  /** Ends everything: mounts, timers, streams; also where `using` ends. */
  close(): void;
}
