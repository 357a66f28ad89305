/** One end of a channel over a text pipe, with the interface of a `MessagePort`. */
import type { ChannelPort } from "../channel/port.ts";

export interface TextPort {
  readonly port: ChannelPort;
  /** Takes a message of the other end. It is kept until the channel listens. */
  receive(message: unknown): void;
  /** Records that the other end is gone. */
  lose(): void;
}

type Listener = (event: { readonly data: unknown }) => void;

/**
 * @param send Sends a message, or throws a TypeError for one that cannot travel as text.
 * @param onClose Called once, when this end is closed.
 */
export function createTextPort(send: (message: unknown) => void, onClose: () => void): TextPort {
  const messageListeners = new Set<Listener>();
  const closeListeners = new Set<() => void>();
  let early: unknown[] | undefined = [];
  let isOpen = true;

  const deliver = (data: unknown): void => {
    for (const listener of [...messageListeners]) listener({ data });
  };

  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    early = undefined;
    messageListeners.clear();
    closeListeners.clear();
    onClose();
  };

  return {
    receive(message) {
      if (!isOpen) return;
      if (early) early.push(message);
      else deliver(message);
    },
    lose() {
      const listeners = [...closeListeners];
      close();
      for (const listener of listeners) listener();
    },
    port: {
      postMessage(message, transfer) {
        if (transfer.length > 0)
          throw new TypeError("a WebView carries only text, so objects cannot be transferred.");
        if (isOpen) send(message);
      },
      addEventListener(type: string, listener: Listener & (() => void)) {
        if (type === "message") messageListeners.add(listener);
        else if (type === "close") closeListeners.add(listener);
      },
      removeEventListener(type: string, listener: Listener & (() => void)) {
        if (type === "message") messageListeners.delete(listener);
        else if (type === "close") closeListeners.delete(listener);
      },
      start() {
        const waiting = early ?? [];
        early = undefined;
        for (const message of waiting) deliver(message);
      },
      close,
    },
  };
}
