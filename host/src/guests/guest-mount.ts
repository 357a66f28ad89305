/** One mount of an app, as the host itself sees it: the frame's documents with their state and calls. */
import {
  BridgeError,
  checkArgs,
  checkResult,
  createContractGuard,
  isPromiseLike,
  quoted,
  type Contract,
  type FrameSize,
  type Hello,
  type StateKey,
  type Theme,
  type Welcome,
} from "@breezeway/shared";
import { pathOn, type AppVersion, type RegisteredApp } from "@breezeway/shared/schemas";
import { randomId, splitCallOptions, type Clock } from "@breezeway/shared/channel";
import { disposable } from "../disposable.ts";
import type { Deliver } from "../events/host-events.ts";
import { pageUrl } from "../frames/create-frame.ts";
import { framePlace } from "../frames/frame-place.ts";
import { showScheme } from "../frames/frame-scheme.ts";
import type { Mount, MountOptions } from "../mount-types.ts";
import { createFrameSizer } from "../surfaces/frame-size.ts";
import { createThrottle } from "../transport/throttle.ts";
import type { TokenBucket } from "../transport/token-bucket.ts";
import {
  createFrameDocuments,
  type FrameDocuments,
  type WelcomedGuest,
} from "./frame-documents.ts";
import type { GuestChannel } from "./guest-channel.ts";

export interface GuestMount extends Mount {
  readonly id: string;
  /** Whether the connected guest wants new tokens pushed. */
  readonly wantsTokens: boolean;
  readonly deliver: Deliver;
  pushState(key: StateKey, value: unknown): void;
  /** Closes the mount with an `error`, which says why. */
  end(reason?: BridgeError): void;
  /** Sends the context again, after the host's context has changed. */
  pushContext(): void;
  /** @throws {BridgeError} SURFACE_REFUSED */
  resize(size: FrameSize): FrameSize;
  /** @param path A path on the app's origin. */
  reportPath(path: string): void;
}

/** Token buckets of the app, shared by all its frames. */
export interface FrameBuckets {
  readonly paths: TokenBucket;
  readonly sizes: TokenBucket;
}

export interface GuestMountDeps {
  readonly app: RegisteredApp;
  /** The version that the tenant has now. Its url is on the app's origin. */
  readonly latest: () => AppVersion;
  readonly options: MountOptions;
  readonly contract: Contract | undefined;
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly buckets: FrameBuckets;
  /**
   * Resolves to a function that composes the welcome of present values. Rejects with a BridgeError to
   * refuse the guest.
   */
  readonly welcome: (hello: Hello, settings: () => MountOptions) => Promise<() => Welcome>;
  readonly openChannel: (guest: WelcomedGuest, mount: GuestMount) => GuestChannel;
  readonly contextOf: (settings: MountOptions) => unknown;
  /** `undefined` until the host has stated a theme. */
  readonly statedTheme: () => Theme | undefined;
  /** The frame has left the page without `close`. */
  readonly onLeft: (mount: GuestMount) => void;
  /** The frame is back, and its guest is being welcomed. */
  readonly onReturned: (mount: GuestMount) => void;
  readonly onClosed: (mount: GuestMount) => void;
}

/** @throws {BridgeError} CONFIG_INVALID */
export function createGuestMount(deps: GuestMountDeps): GuestMount {
  const { app, options, clock, buckets, handshakeTimeoutMs } = deps;
  let page = deps.latest();
  let settings = options;
  const firstUrl = urlIn(deps, page);
  const documents = createFrameDocuments({
    app,
    clock,
    handshakeTimeoutMs,
    welcome: (hello) => deps.welcome(hello, () => settings),
  });
  const paths = createThrottle(clock, buckets.paths);
  const sizer = createFrameSizer({ clock, bucket: buckets.sizes, settings: options });
  const followTheme = (): void => {
    if (documents.element) showScheme(documents.element, app, deps.statedTheme());
  };
  const pushContext = (): void => documents.channel?.pushState("context", deps.contextOf(settings));

  const mount: GuestMount = disposable({
    id: randomId(),
    app,
    get version() {
      return page;
    },
    get element() {
      if (documents.element) return documents.element;
      throw new BridgeError("CONFIG_INVALID", `${app.id} is not in an iframe of this page.`);
    },
    get state() {
      return documents.state.current;
    },
    get error() {
      return documents.error;
    },
    get wantsTokens() {
      return documents.hello?.autoRefresh ?? false;
    },
    subscribeState: (listener) => documents.state.subscribe(listener),
    call: createGuestCaller(documents, deps.contract),
    deliver: (...event) => documents.channel?.deliver(...event),
    pushState(key, value) {
      if (key === "theme") followTheme();
      documents.channel?.pushState(key, value);
    },
    pushContext,
    setContext(context) {
      settings = { ...settings, context };
      pushContext();
    },
    resize: (asked) => sizer.resize(asked, documents.element),
    // As in the manifest's own version, so that it opens the same page in every version.
    reportPath: (path) => paths.run(() => options.onPathChange?.(pathOn(page.url, app.url, path))),
    reload() {
      const latest = deps.latest();
      const url = urlIn(deps, latest);
      const isOther = url !== urlIn(deps, page);
      const isShown = documents.reload(isOther ? url : undefined);
      if (isShown || !isOther) page = latest;
    },
    close: () => mount.end(),
    end(reason) {
      if (documents.state.current === "closed") return;
      paths.close();
      sizer.close();
      documents.close(reason);
      deps.onClosed(mount);
    },
  });

  documents.start({
    url: firstUrl,
    openPlace: options.place ?? framePlace(options.container),
    openChannel: (guest) => deps.openChannel(guest, mount),
    onLeft: () => deps.onLeft(mount),
    onReturned() {
      followTheme();
      deps.onReturned(mount);
    },
  });
  followTheme();
  return mount;
}

/** The address of the mount's page in a version of the app. */
function urlIn({ app, options: { path } }: GuestMountDeps, { url }: AppVersion): string {
  return pageUrl({ ...app, url }, path === undefined ? path : pathOn(app.url, url, path));
}

function createGuestCaller(
  documents: FrameDocuments,
  contract: Contract | undefined,
): (name: string, ...given: readonly unknown[]) => Promise<unknown> {
  const guard = createContractGuard(contract, () => true);
  return async (name, ...given) => {
    const { args, options } = splitCallOptions(given);
    const definition = guard.method(name, "guestMethods");
    const checked = checkArgs(name, definition, args);
    if (isPromiseLike(checked)) await checked;
    if (documents.channel === undefined) {
      const code = documents.state.current === "closed" ? "CHANNEL_CLOSED" : "CHANNEL_LOST";
      throw new BridgeError(code, `${quoted(name)} was called while no guest is connected.`);
    }
    const { channel } = documents.channel;
    return checkResult(name, definition, await channel.call(name, args, options));
  };
}
