/** A message as it arrives. */
export interface PortMessage {
  readonly data: unknown;
  /**
   * Of the sender's document, when it sent the message: the browser's word, and not the sender's.
   * `null` from a sender that did not include it; missing where browsers do not have it.
   *
   * @see https://html.spec.whatwg.org/multipage/interaction.html#tracking-user-activation
   */
  readonly userActivation?: { readonly isActive: boolean } | null;
}

/**
 * What the channel needs of a port. `MessagePort` of browsers and of Node fit as they are.
 */
export interface ChannelPort {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: "message", listener: (event: PortMessage) => void): void;
  /**
   * The other end is gone. Chromium and Node fire it; elsewhere a lost peer shows by a `close`
   * frame or by a new handshake.
   */
  addEventListener(type: "close" | "messageerror", listener: () => void): void;
  removeEventListener(type: "message", listener: (event: PortMessage) => void): void;
  removeEventListener(type: "close" | "messageerror", listener: () => void): void;
  start(): void;
  close(): void;
}
