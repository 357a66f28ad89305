/**
 * The documents that one frame loads, one after another, and the channel to the present one.
 *
 *   connecting ──hello──▶ connected ──channel ended, other document──▶ lost ──hello──▶ connected
 *        └── no hello in time, or a hello that the host refuses ──▶ lost
 *                                                          close() from anywhere ──▶ closed
 *
 * [GM-1] There is one channel at a time. A new hello ends the channel before it.
 * [GM-2] When the frame has loaded another document, the old document's channel ends, whoever holds its
 *        port: at once when the browser or the old document reports it, otherwise when the document in
 *        the frame does not answer through its window (`presence-check.ts`).
 * [GM-3] A slow welcome is not given to a document that came after the hello it answers.
 * [GM-5] The welcome has the values of the moment when the channel opens: what changes before it is in the
 *        welcome, and what changes later goes through the channel.
 * [GM-4] A frame that has left the page without `close` is lost at once. It is noticed by the place, and at
 *        each look at the channel or the state. It may come back with another hello.
 */
import { BridgeError, BUILT_IN_METHODS, type Hello, type Welcome } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import {
  createStore,
  type ChannelPort,
  type Clock,
  type Readable,
  type Store,
} from "@breezeway/shared/channel";
import type { MountState } from "../mount-types.ts";
import type { GuestPlace, OpenGuestPlace } from "../transport/guest-place.ts";
import type { GuestChannel } from "./guest-channel.ts";
import { createPresenceCheck, type PresenceCheck } from "./presence-check.ts";

/** A document that was welcomed. */
export interface WelcomedGuest {
  readonly hello: Hello;
  readonly port: ChannelPort;
  readonly onEnded: (error: BridgeError) => void;
}

export interface FrameDocumentsDeps {
  readonly app: RegisteredApp;
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  /**
   * Resolves to a function that composes the welcome of present values. Rejects with a BridgeError to
   * refuse the guest.
   */
  readonly welcome: (hello: Hello) => Promise<() => Welcome>;
}

export interface FrameDocumentsStart {
  /** The page to show, on the app's origin. */
  readonly url: string;
  readonly openPlace: OpenGuestPlace;
  readonly openChannel: (guest: WelcomedGuest) => GuestChannel;
  /** The place has left the page without `close`. */
  readonly onLeft: () => void;
  /** The place that had left the page is back with a guest. */
  readonly onReturned: () => void;
}

export interface FrameDocuments {
  readonly state: Readable<MountState>;
  readonly error: BridgeError | null;
  readonly element: HTMLIFrameElement | undefined;
  /** `undefined` while no guest is connected. */
  readonly channel: GuestChannel | undefined;
  readonly hello: Hello | undefined;
  /** Opens the frame. Call it once. */
  start(options: FrameDocumentsStart): void;
  /**
   * Loads the app's page again.
   *
   * @param url Another page to load instead, if the place can do that.
   * @returns whether the place loads that other page
   */
  reload(url?: string): boolean;
  /** @param reason Why the host closes it; stays as `error`. */
  close(reason?: BridgeError): void;
}

const PING_TIMEOUT_MS = 2_000;

export function createFrameDocuments(deps: FrameDocumentsDeps): FrameDocuments {
  const presence = createPresence(deps);
  const { state, now } = presence;
  const { check } = presence;

  const noticeLeft = (): void => {
    if (now.place?.hasLeft) placeLeft(deps.app, presence);
  };

  return {
    get state() {
      noticeLeft();
      return state;
    },
    get error() {
      return now.error;
    },
    get element() {
      return now.place?.element;
    },
    get channel() {
      noticeLeft();
      return now.guest;
    },
    get hello() {
      return now.hello;
    },
    start(options) {
      now.options = options;
      now.place = options.openPlace({
        app: deps.app,
        url: options.url,
        clock: deps.clock,
        onHello: (hello, port) => welcomeDocument(deps, presence, { hello, port, options }),
        onLoad: (isOther) => documentLoaded(presence, isOther),
        onAnswer: (question) => check.answered(question),
        onLeft: () => placeLeft(deps.app, presence),
      });
      presence.expectHello();
    },
    reload(url) {
      if (presence.isClosed()) return false;
      presence.drop(new BridgeError("CHANNEL_LOST", "The host reloaded the app."));
      now.error = null;
      state.set("connecting");
      presence.expectHello();
      now.hellos += 1;
      now.leavingId = now.documentId;
      if (url === undefined || !now.place?.show) {
        now.place?.reload();
        return false;
      }
      now.place.show(url);
      return true;
    },
    close(reason) {
      if (presence.isClosed()) return;
      if (reason) now.error = reason;
      presence.stopWaiting();
      check.stop();
      now.guest?.channel.close();
      now.guest = undefined;
      now.place?.close();
      state.set("closed");
    },
  };
}

interface Now {
  options: FrameDocumentsStart | undefined;
  place: GuestPlace | undefined;
  /** The place has left the page and has not come back. */
  isAway: boolean;
  /** The hello of the welcomed document. It is set before the document's channel opens. */
  hello: Hello | undefined;
  guest: GuestChannel | undefined;
  error: BridgeError | null;
  /** Counts hellos and reloads, so that a slow welcome can tell whether it is still the latest. */
  hellos: number;
  /** The id of the document that said hello last. */
  documentId: string | undefined;
  /** The id of the document that `reload()` replaces. It may say hello once more before it goes. */
  leavingId: string | undefined;
  loadsSinceHello: number;
  helloTimer: unknown;
}

/** Which guest is present, and what follows when it is not. */
interface Presence {
  readonly state: Store<MountState>;
  readonly now: Now;
  /** Asks the welcomed document whether it is still there. */
  readonly check: PresenceCheck;
  isClosed(): boolean;
  /** The guest is gone. */
  lose(reason: BridgeError): void;
  /** Closes the guest's channel. */
  drop(reason: BridgeError): void;
  /** Starts the time in which the next document must say hello. */
  expectHello(): void;
  stopWaiting(): void;
}

function createPresence({ app, clock, handshakeTimeoutMs }: FrameDocumentsDeps): Presence {
  const state = createStore<MountState>("connecting");
  const now: Now = {
    options: undefined,
    place: undefined,
    isAway: false,
    hello: undefined,
    guest: undefined,
    error: null,
    hellos: 0,
    documentId: undefined,
    leavingId: undefined,
    loadsSinceHello: 0,
    helloTimer: undefined,
  };

  const isClosed = (): boolean => state.current === "closed";

  const check = createPresenceCheck({
    clock,
    ask: (question) => now.place?.ask?.(question),
  });

  const lose = (reason: BridgeError): void => {
    check.stop();
    now.guest = undefined;
    now.hello = undefined;
    if (isClosed()) return;
    now.error = reason;
    state.set("lost");
  };

  const drop = (reason: BridgeError): void => {
    now.guest?.channel.close(reason);
    lose(reason);
  };

  const stopWaiting = (): void => clock.clearTimer(now.helloTimer);

  return {
    state,
    now,
    check,
    isClosed,
    lose,
    drop,
    expectHello() {
      stopWaiting();
      now.helloTimer = clock.setTimer(() => {
        if (now.guest === undefined && !isClosed())
          lose(noHello(app, handshakeTimeoutMs, now.place));
      }, handshakeTimeoutMs);
    },
    stopWaiting,
  };
}

interface Arrival {
  readonly hello: Hello;
  readonly port: ChannelPort;
  readonly options: FrameDocumentsStart;
}

async function welcomeDocument(
  deps: FrameDocumentsDeps,
  presence: Presence,
  { hello, port, options }: Arrival,
): Promise<Welcome> {
  const { state, now } = presence;
  if (hello.documentId === now.leavingId) {
    throw new BridgeError("HANDSHAKE_REFUSED", "The host is about to load the app's page again.");
  }
  now.hellos += 1;
  now.documentId = hello.documentId;
  const mine = now.hellos;
  now.loadsSinceHello = 0;
  const compose = await deps.welcome(hello).catch((error: unknown) => {
    // The mount's error says why nobody is connected, not that nobody said hello.
    if (BridgeError.is(error) && mine === now.hellos && !presence.isClosed()) {
      presence.stopWaiting();
      presence.drop(error);
    }
    throw error;
  });
  if (mine !== now.hellos || presence.isClosed()) {
    throw new BridgeError("HANDSHAKE_REFUSED", "A later document of this frame has said hello.");
  }
  now.guest?.channel.close(new BridgeError("CHANNEL_LOST", "The guest was reloaded."));
  presence.stopWaiting();
  now.hello = hello;
  const onEnded = (reason: BridgeError): void => {
    if (now.hello !== hello) return;
    presence.lose(reason);
    presence.expectHello();
  };
  if (now.isAway) {
    now.isAway = false;
    options.onReturned();
  }
  const welcome = compose();
  now.guest = options.openChannel({ hello, port, onEnded });
  if (now.place?.ask) {
    presence.check.start(() => presence.drop(otherDocument()));
  }
  now.error = null;
  state.set("connected");
  return welcome;
}

function placeLeft(app: RegisteredApp, presence: Presence): void {
  const { now } = presence;
  if (now.isAway || presence.isClosed()) return;
  now.isAway = true;
  presence.stopWaiting();
  now.place?.leave?.();
  presence.drop(leftPage(app));
  now.options?.onLeft();
}

function documentLoaded(presence: Presence, isOther: boolean): void {
  const { now } = presence;
  if (now.guest === undefined) return presence.expectHello();
  now.loadsSinceHello += 1;
  if (isOther || now.loadsSinceHello > 1) {
    presence.drop(otherDocument());
    return presence.expectHello();
  }
  // The event may belong to the document that said hello. Only that document can tell.
  if (now.place?.ask) presence.check.loaded();
  else void dropUnlessAlive(presence, now.guest);
}

async function dropUnlessAlive(presence: Presence, guest: GuestChannel): Promise<void> {
  if ((await isAlive(guest)) || presence.now.guest !== guest) return;
  presence.drop(otherDocument());
}

/** For places that cannot ask: the holder of the port answers, which in a WebView is the page in it. */
async function isAlive({ channel }: GuestChannel): Promise<boolean> {
  try {
    await channel.call(BUILT_IN_METHODS.ping, [], { timeoutMs: PING_TIMEOUT_MS });
    return true;
  } catch (error) {
    // A guest of an older version has no such method. Its answer proves that it lives.
    return BridgeError.is(error) && error.code === "CALL_METHOD_UNKNOWN";
  }
}

function otherDocument(): BridgeError {
  return new BridgeError("CHANNEL_LOST", "The frame has loaded another document.");
}

function leftPage({ name }: RegisteredApp): BridgeError {
  return new BridgeError(
    "CHANNEL_LOST",
    `${name} left the page: its frame was removed without mount.close().`,
  );
}

function noHello(
  { name, origin }: RegisteredApp,
  timeoutMs: number,
  place: GuestPlace | undefined,
): BridgeError {
  const self = typeof location === "undefined" ? "this host" : location.origin;
  const hint =
    place?.explainSilence?.() ??
    `Does it run at ${origin}, and does it name ${self} in hostOrigins?`;
  return new BridgeError(
    "HANDSHAKE_TIMEOUT",
    `${name} did not say hello within ${timeoutMs} ms. ${hint}`,
  );
}
