/**
 * A guest place shows the documents of an app, one after another, and reaches the present one. An iframe
 * of the page is one (`frames/frame-place.ts`); the WebView and the test kit have others. Types only.
 */
import type { Hello, Welcome } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { ChannelPort, Clock } from "@breezeway/shared/channel";

export interface GuestPlaceOptions {
  readonly app: RegisteredApp;
  /** The page to show, on the app's origin. */
  readonly url: string;
  readonly clock: Clock;
  /**
   * Call it when a document says hello, after verifying that the document has the app's origin. `port`
   * is the host's end of a new channel; the other end goes to the guest with the welcome. Rejects with a
   * BridgeError when the host refuses the guest. Discard the port then.
   */
  readonly onHello: (hello: Hello, port: ChannelPort) => Promise<Welcome>;
  /**
   * Call it when a document has loaded.
   *
   * @param isOther `true` if the document is certainly not the one that said hello last.
   */
  readonly onLoad: (isOther: boolean) => void;
  /** Call it when a document of the app's origin in this place returns a question of `ask`. */
  readonly onAnswer: (question: string) => void;
  /** Call it when the place itself is gone without `close`. It may come back with another hello. */
  readonly onLeft: () => void;
}

export interface GuestPlace {
  /** `undefined` when the app is not in an iframe of this page. */
  readonly element: HTMLIFrameElement | undefined;
  /** Whether the place is gone and `onLeft` follows. Left out by a place that cannot go. */
  readonly hasLeft?: boolean;
  /** The host has noticed that the place is gone, and lets go of it until it comes back. */
  leave?(): void;
  /**
   * Sends a text to the document in this place, which returns it, such as a window message. Nobody else
   * may be able to return it. Left out by a place that has no such way: the host then relies on calls
   * through the port.
   */
  ask?(question: string): void;
  /**
   * Says what is known about a guest that did not connect, and what to do, for the host's error. Left out by
   * a place that knows nothing about its document.
   */
  explainSilence?(): string;
  /** Loads the app's page again. */
  reload(): void;
  /**
   * Loads another page of the app instead, and again at each later `reload`. Left out by a place that can only load the page
   * that it has.
   */
  show?(url: string): void;
  close(): void;
}

export type OpenGuestPlace = (options: GuestPlaceOptions) => GuestPlace;
