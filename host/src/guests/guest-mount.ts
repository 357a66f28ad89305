/**
 * One frame in the host's page, through all documents that it loads.
 *
 *   connecting ──hello──▶ connected ──channel ended, other document──▶ lost ──hello──▶ connected
 *        └── no hello in time ──▶ lost                     close() from anywhere ──▶ closed
 *
 * [GM-1] One channel at a time. A new hello ends the one before it.
 * [GM-2] When the frame has loaded another document, the old one's channel ends: at once when the
 *        browser or the old document says so, after a ping without an answer otherwise.
 * [GM-3] A welcome that took long is not given to a document that came later than its hello.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  checkArgs,
  checkResult,
  createContractGuard,
  isPromiseLike,
  quoted,
  type FrameSize,
  type Hello,
  type StateKey,
  type Welcome,
} from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import {
  createStore,
  randomId,
  splitCallOptions,
  type ChannelPort,
  type Clock,
} from "@breezeway/shared/channel";
import { disposable } from "../disposable.ts";
import { pageUrl } from "../frames/create-frame.ts";
import { framePlace } from "../frames/frame-place.ts";
import type { Mount, MountOptions, MountState } from "../host-types.ts";
import { clampSize, sizeElement } from "../surfaces/frame-size.ts";
import type { PlaceBounds } from "../surfaces/surface-methods.ts";
import { createPace } from "../transport/pace.ts";
import type { GuestPlace, OpenGuestPlace } from "../transport/guest-place.ts";
import type { Deliver } from "../events/host-events.ts";
import type { Contract } from "@breezeway/shared";
import type { GuestChannel } from "./guest-channel.ts";

/** A mount as the host itself sees it. */
export interface GuestMount extends Mount {
  readonly id: string;
  /** Whether the guest in it wants tokens pushed. */
  readonly wantsTokens: boolean;
  readonly deliver: Deliver;
  pushState(key: StateKey, value: unknown): void;
  /** The host's context has changed. */
  pushContext(): void;
  /** @throws {BridgeError} SURFACE_REFUSED */
  resize(size: FrameSize): FrameSize;
  /** @param path of the app's origin */
  reportPath(path: string): void;
}

/** A document that was welcomed. */
export interface GreetedGuest {
  readonly hello: Hello;
  readonly port: ChannelPort;
  readonly onEnded: (error: BridgeError) => void;
}

export interface GuestMountOptions {
  readonly app: RegisteredApp;
  readonly mount: MountOptions;
  readonly contract: Contract | undefined;
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  /** Of the app, over all of its frames. */
  readonly bounds: PlaceBounds;
  /** Everything a welcome says; rejects with a BridgeError to refuse. */
  readonly welcome: (hello: Hello, settings: () => MountOptions) => Promise<Welcome>;
  readonly open: (guest: GreetedGuest, mount: GuestMount) => GuestChannel;
  readonly contextOf: (mount: MountOptions) => unknown;
  readonly onClosed: (mount: GuestMount) => void;
}

const PING_TIMEOUT_MS = 2_000;

/** @throws {BridgeError} CONFIG_INVALID */
export function createGuestMount(options: GuestMountOptions): GuestMount {
  const { app, clock, contract } = options;
  const state = createStore<MountState>("connecting");
  const guard = createContractGuard(contract, () => true);
  const url = pageUrl(app, options.mount.path);
  const id = randomId();
  const paths = createPace(clock, options.bounds.paths);
  const sizes = createPace(clock, options.bounds.sizes);
  let settings = options.mount;
  /** What waits, the latest of each side: of a flood neither is lost. */
  let wanted: FrameSize = {};
  let error: BridgeError | null = null;
  let guest: GuestChannel | undefined;
  let greeted: Hello | undefined;
  let hellos = 0;
  let loadsSinceHello = 0;
  let timer: unknown;

  const lose = (reason: BridgeError): void => {
    guest = undefined;
    greeted = undefined;
    if (state.current === "closed") return;
    error = reason;
    state.set("lost");
  };

  const drop = (reason: BridgeError): void => {
    guest?.channel.close(reason);
    lose(reason);
  };

  const expectHello = (): void => {
    clock.clearTimer(timer);
    timer = clock.setTimer(() => {
      if (guest === undefined && state.current !== "closed") lose(noHello(app, options));
    }, options.handshakeTimeoutMs);
  };

  const onHello = async (hello: Hello, port: ChannelPort): Promise<Welcome> => {
    hellos += 1;
    const mine = hellos;
    loadsSinceHello = 0;
    const welcome = await options.welcome(hello, () => settings);
    if (mine !== hellos || state.current === "closed") {
      throw new BridgeError("HANDSHAKE_REFUSED", "Another document of this frame came later.");
    }
    guest?.channel.close(new BridgeError("CHANNEL_LOST", "The guest's page was loaded anew."));
    clock.clearTimer(timer);
    greeted = hello;
    const onEnded = (reason: BridgeError): void => {
      if (guest !== opened) return;
      lose(reason);
      expectHello();
    };
    const opened = options.open({ hello, port, onEnded }, mount);
    guest = opened;
    error = null;
    state.set("connected");
    return welcome;
  };

  const onLoad = (isOther: boolean): void => {
    const current = guest;
    if (current === undefined) return expectHello();
    loadsSinceHello += 1;
    if (isOther || loadsSinceHello > 1) {
      drop(new BridgeError("CHANNEL_LOST", "The frame has loaded another document."));
      return expectHello();
    }
    // The load may be that of the very document that said hello. Only it can tell.
    void dropUnlessAlive(current);
  };

  const dropUnlessAlive = async (current: GuestChannel): Promise<void> => {
    if ((await isAlive(current)) || guest !== current) return;
    drop(new BridgeError("CHANNEL_LOST", "The frame has loaded another document."));
  };

  const call = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
    const { args, options: callOptions } = splitCallOptions(given);
    const definition = guard.method(name, "guestMethods");
    const checked = checkArgs(name, definition, args);
    if (isPromiseLike(checked)) await checked;
    if (guest === undefined) {
      const code = state.current === "closed" ? "CHANNEL_CLOSED" : "CHANNEL_LOST";
      throw new BridgeError(code, `${quoted(name)} was called while no guest is connected.`);
    }
    return checkResult(name, definition, await guest.channel.call(name, args, callOptions));
  };

  const mount: GuestMount = disposable({
    id,
    app,
    get element() {
      if (place.element) return place.element;
      throw new BridgeError("CONFIG_INVALID", `${app.id} is shown in no frame of this page.`);
    },
    get state() {
      return state.current;
    },
    get error() {
      return error;
    },
    get wantsTokens() {
      return greeted?.autoRefresh ?? false;
    },
    subscribeState: state.subscribe,
    call,
    deliver: (topic, payload, retained) => guest?.deliver(topic, payload, retained),
    pushState: (key, value) => guest?.pushState(key, value),
    pushContext: () => guest?.pushState("context", options.contextOf(settings)),
    setContext(context) {
      settings = { ...settings, context };
      mount.pushContext();
    },
    resize(asked) {
      const { element } = place;
      const size = clampSize(asked, settings);
      const { onResize = element && ((given: FrameSize) => sizeElement(element, given)) } =
        settings;
      if (!onResize) {
        throw new BridgeError("SURFACE_REFUSED", "The app is in no frame of this page.");
      }
      wanted = { ...wanted, ...size };
      sizes.run(() => {
        const latest = wanted;
        wanted = {};
        onResize(latest);
      });
      return size;
    },
    reportPath: (path) => paths.run(() => settings.onPathChange?.(path)),
    reload() {
      if (state.current === "closed") return;
      drop(new BridgeError("CHANNEL_LOST", "The host has loaded the app anew."));
      error = null;
      state.set("connecting");
      expectHello();
      place.reload();
    },
    close() {
      if (state.current === "closed") return;
      clock.clearTimer(timer);
      paths.close();
      sizes.close();
      guest?.channel.close();
      guest = undefined;
      place.close();
      state.set("closed");
      options.onClosed(mount);
    },
  });

  const place: GuestPlace = openerOf(settings)({ app, url, clock, onHello, onLoad });
  expectHello();
  return mount;
}

function openerOf({ place, container }: MountOptions): OpenGuestPlace {
  return place ?? framePlace(container);
}

async function isAlive({ channel }: GuestChannel): Promise<boolean> {
  try {
    await channel.call(BUILT_IN_METHODS.ping, [], { timeoutMs: PING_TIMEOUT_MS });
    return true;
  } catch (error) {
    // A guest without the method is a guest all the same.
    return BridgeError.is(error) && error.code === "CALL_METHOD_UNKNOWN";
  }
}

function noHello(app: RegisteredApp, { handshakeTimeoutMs }: GuestMountOptions): BridgeError {
  const self = typeof location === "undefined" ? "this host" : location.origin;
  return new BridgeError(
    "HANDSHAKE_TIMEOUT",
    `${app.name} did not say hello within ${handshakeTimeoutMs} ms. Does it run at ${app.origin}, and does it name ${self} in hostOrigins?`,
  );
}
