/**
 * Where the documents of an app are shown, one after another, and how the present one is reached. A
 * frame in the page is one (`frames/frame-place.ts`); the test kit brings another. Types only.
 */
import type { Hello, Welcome } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { ChannelPort, Clock } from "@breezeway/shared/channel";

export interface GuestPlaceOptions {
  readonly app: RegisteredApp;
  /** The page to show; on the app's origin. */
  readonly url: string;
  readonly clock: Clock;
  /**
   * A document of the app's origin says hello; the place makes sure of the origin.
   * `port` is the host's end of a fresh channel, whose other end goes to the guest with the welcome.
   * Rejects with a BridgeError to refuse; the port is of no use then.
   */
  readonly onHello: (hello: Hello, port: ChannelPort) => Promise<Welcome>;
  /** A document has loaded. `isOther`: certainly not the one that said hello last. */
  readonly onLoad: (isOther: boolean) => void;
}

export interface GuestPlace {
  /** `undefined` where the app is in no frame of the page. */
  readonly element: HTMLIFrameElement | undefined;
  /** Loads the app anew. */
  reload(): void;
  close(): void;
}

export type OpenGuestPlace = (options: GuestPlaceOptions) => GuestPlace;
