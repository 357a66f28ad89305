/**
 * What the channel needs of a port. `MessagePort` of browsers and of Node fit as they are.
 */
export interface ChannelPort {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /**
   * The other end is gone. Chromium and Node fire it; elsewhere a lost peer shows by a `close`
   * frame or by a new handshake.
   */
  addEventListener(type: "close" | "messageerror", listener: () => void): void;
  removeEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: "close" | "messageerror", listener: () => void): void;
  start(): void;
  close(): void;
}
