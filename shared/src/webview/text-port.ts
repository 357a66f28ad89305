/** One end of a channel over a pipe of text, in the place of a `MessagePort`. */
import type { ChannelPort } from "../channel/port.ts";

export interface TextPort {
  readonly port: ChannelPort;
  /** A message of the other end has arrived. Kept until the channel listens. */
  receive(message: unknown): void;
  /** The other end is gone. */
  lose(): void;
}

type Listener = (event: { readonly data: unknown }) => void;

/**
 * @param send takes a message along, or throws a TypeError for one that cannot travel as text
 * @param onClose called once, when this end is closed
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
      const told = [...closeListeners];
      close();
      for (const listener of told) listener();
    },
    port: {
      postMessage(message, transfer) {
        if (transfer.length > 0) throw new TypeError("Nothing can be moved over a pipe of text.");
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
