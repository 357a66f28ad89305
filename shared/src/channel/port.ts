/** A received message. */
export interface PortMessage {
  readonly data: unknown;
  /**
   * User activation of the sender's document when it sent the message. The browser reports it, not
   * the sender. `null` if the sender did not include it; missing in browsers without support.
   *
   * @see https://html.spec.whatwg.org/multipage/interaction.html#tracking-user-activation
   */
  readonly userActivation?: { readonly isActive: boolean } | null;
}

/**
 * The part of a port that a channel uses. The `MessagePort`s of browsers and Node have it.
 */
export interface ChannelPort {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: "message", listener: (event: PortMessage) => void): void;
  /**
   * `close`: the other end is gone. Chromium and Node fire it; elsewhere a `close` frame or a new
   * handshake shows that the peer is lost.
   */
  addEventListener(type: "close" | "messageerror", listener: () => void): void;
  removeEventListener(type: "message", listener: (event: PortMessage) => void): void;
  removeEventListener(type: "close" | "messageerror", listener: () => void): void;
  start(): void;
  close(): void;
}
