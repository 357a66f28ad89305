/// <reference lib="esnext.disposable" preserve="true" />
/** The public shape of a mount: one app, shown in one place of the host. Types only. */
import type {
  AnyContract,
  BridgeError,
  Contract,
  FrameSize,
  MethodArgs,
  MethodName,
  MethodResult,
} from "@breezeway/shared";
import type { AppVersion, RegisteredApp } from "@breezeway/shared/schemas";
import type { CallOptions, Unsubscribe } from "@breezeway/shared/channel";
import type { OpenGuestPlace } from "./transport/guest-place.ts";

/** `lost`: no guest is connected at the moment. The next guest that says hello is welcomed. */
export type MountState = "connecting" | "connected" | "lost" | "closed";

export type MountOptions = MountSettings & MountTarget;

export type MountTarget =
  | {
      /** The iframe becomes the last child of this element. */
      readonly container: Element;
      readonly place?: undefined;
    }
  | {
      /** Shows the app elsewhere than in an iframe of this page, such as in a WebView or a test. */
      readonly place: OpenGuestPlace;
      readonly container?: undefined;
    };

/**
 * The size that an app may give its frame, in CSS pixels. An app cannot change a side that has no
 * maximum. Default of the minima: 0.
 */
export interface SizeLimits {
  readonly minHeightPx?: number;
  readonly maxHeightPx?: number;
  readonly minWidthPx?: number;
  readonly maxWidthPx?: number;
}

export interface MountSettings extends SizeLimits {
  /** The page to open, relative to the app's `url`. Default: the app's `url`. */
  readonly path?: string;
  /** The name of this place in the host. The guest finds it in its context as `placement`. */
  readonly placement?: string;
  /** Overrides members of the host's context for this mount. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Called when the app asks for another size, within the limits. Default: the iframe gets that size. */
  readonly onResize?: (size: FrameSize) => void;
  /**
   * Called when the app navigates within its own pages. Pass the path as `path` to open the app at the
   * same page again.
   */
  readonly onPathChange?: (path: string) => void;
}

export interface Mount<C extends Contract = AnyContract> extends Disposable {
  /** As it was registered when it was mounted. */
  readonly app: RegisteredApp;
  /**
   * The version of the app whose page the frame shows, and its channel. `host.apps.versionOf(app.id)` differs from it once
   * the tenant has another one: `reload()`, or the next mount, shows that.
   */
  readonly version: AppVersion;
  /** @throws {BridgeError} CONFIG_INVALID, when the app is not in an iframe of this page */
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
  /** Replaces the `context` that this mount was made with. */
  setContext(context: Readonly<Record<string, unknown>>): void;
  /**
   * Reloads the app's page, in the version that the tenant has now. A WebView keeps the version that it has.
   */
  reload(): void;
  /** Tells the guest, then removes the frame. `using` calls it at the end of its block. */
  close(): void;
}

/** The app and the mount that an event or a navigation comes from, taken from the host's registry. */
export interface GuestSender {
  readonly app: RegisteredApp;
  readonly mount: Mount;
}

/** `this` in a handler of `methods`. Everything comes from the host's registry, nothing from the guest. */
export interface HostCallContext extends GuestSender {
  /** Aborts when the guest stops waiting for the answer, or is gone. */
  readonly signal: AbortSignal;
}
