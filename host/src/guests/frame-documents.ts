/**
 * The documents that one frame loads, one after another, and the channel to the present one.
 *
 *   connecting ──hello──▶ connected ──channel ended, other document──▶ lost ──hello──▶ connected
 *        └── no hello in time ──▶ lost                     close() from anywhere ──▶ closed
 *
 * [GM-1] There is one channel at a time. A new hello ends the channel before it.
 * [GM-2] When the frame has loaded another document, the old document's channel ends: at once when the
 *        browser or the old document reports it, otherwise after an unanswered ping.
 * [GM-3] A slow welcome is not given to a document that came after the hello it answers.
 */
import { BridgeError, BUILT_IN_METHODS, type Hello, type Welcome } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import {
  createStore,
  type ChannelPort,
  type Clock,
  type Readable,
} from "@breezeway/shared/channel";
import type { MountState } from "../mount-types.ts";
import type { GuestPlace, OpenGuestPlace } from "../transport/guest-place.ts";
import type { GuestChannel } from "./guest-channel.ts";

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
  /** Rejects with a BridgeError to refuse the guest. */
  readonly welcome: (hello: Hello) => Promise<Welcome>;
}

export interface FrameDocumentsStart {
  /** The page to show, on the app's origin. */
  readonly url: string;
  readonly openPlace: OpenGuestPlace;
  readonly openChannel: (guest: WelcomedGuest) => GuestChannel;
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
  /** Loads the app's page again. */
  reload(): void;
  close(): void;
}

interface Now {
  place: GuestPlace | undefined;
  /** The hello of the welcomed document. It is set before the document's channel opens. */
  hello: Hello | undefined;
  guest: GuestChannel | undefined;
  error: BridgeError | null;
  /** Counts hellos, so that a slow welcome can tell whether it is still the latest. */
  hellos: number;
  loadsSinceHello: number;
  helloTimer: unknown;
}

const PING_TIMEOUT_MS = 2_000;

export function createFrameDocuments(deps: FrameDocumentsDeps): FrameDocuments {
  const { app, clock } = deps;
  const state = createStore<MountState>("connecting");
  const now: Now = {
    place: undefined,
    hello: undefined,
    guest: undefined,
    error: null,
    hellos: 0,
    loadsSinceHello: 0,
    helloTimer: undefined,
  };

  const isClosed = (): boolean => state.current === "closed";

  const lose = (reason: BridgeError): void => {
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

  const expectHello = (): void => {
    clock.clearTimer(now.helloTimer);
    now.helloTimer = clock.setTimer(() => {
      if (now.guest === undefined && !isClosed()) lose(noHello(app, deps.handshakeTimeoutMs));
    }, deps.handshakeTimeoutMs);
  };

  const onHello = async (
    hello: Hello,
    port: ChannelPort,
    openChannel: FrameDocumentsStart["openChannel"],
  ): Promise<Welcome> => {
    now.hellos += 1;
    const mine = now.hellos;
    now.loadsSinceHello = 0;
    const welcome = await deps.welcome(hello);
    if (mine !== now.hellos || isClosed()) {
      throw new BridgeError("HANDSHAKE_REFUSED", "A later document of this frame has said hello.");
    }
    now.guest?.channel.close(new BridgeError("CHANNEL_LOST", "The guest was reloaded."));
    clock.clearTimer(now.helloTimer);
    now.hello = hello;
    const onEnded = (reason: BridgeError): void => {
      if (now.hello !== hello) return;
      lose(reason);
      expectHello();
    };
    now.guest = openChannel({ hello, port, onEnded });
    now.error = null;
    state.set("connected");
    return welcome;
  };

  const dropUnlessAlive = async (guest: GuestChannel): Promise<void> => {
    if ((await isAlive(guest)) || now.guest !== guest) return;
    drop(otherDocument());
  };

  const onLoad = (isOther: boolean): void => {
    if (now.guest === undefined) return expectHello();
    now.loadsSinceHello += 1;
    if (isOther || now.loadsSinceHello > 1) {
      drop(otherDocument());
      return expectHello();
    }
    // The event may belong to the document that said hello. Only a ping can tell.
    void dropUnlessAlive(now.guest);
  };

  return {
    state,
    get error() {
      return now.error;
    },
    get element() {
      return now.place?.element;
    },
    get channel() {
      return now.guest;
    },
    get hello() {
      return now.hello;
    },
    start({ url, openPlace, openChannel }) {
      now.place = openPlace({
        app,
        url,
        clock,
        onHello: (hello, port) => onHello(hello, port, openChannel),
        onLoad,
      });
      expectHello();
    },
    reload() {
      if (isClosed()) return;
      drop(new BridgeError("CHANNEL_LOST", "The host reloaded the app."));
      now.error = null;
      state.set("connecting");
      expectHello();
      now.place?.reload();
    },
    close() {
      if (isClosed()) return;
      clock.clearTimer(now.helloTimer);
      now.guest?.channel.close();
      now.guest = undefined;
      now.place?.close();
      state.set("closed");
    },
  };
}

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

function noHello({ name, origin }: RegisteredApp, timeoutMs: number): BridgeError {
  const self = typeof location === "undefined" ? "this host" : location.origin;
  return new BridgeError(
    "HANDSHAKE_TIMEOUT",
    `${name} did not say hello within ${timeoutMs} ms. Does it run at ${origin}, and does it name ${self} in hostOrigins?`,
  );
}
