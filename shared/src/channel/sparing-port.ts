/** A port whose messages are read only while the budget of the other side lasts. */
import { BridgeError } from "../errors/bridge-error.ts";
import type { Gate } from "./gate.ts";
import type { ChannelPort, PortMessage } from "./port.ts";

type MessageListener = (event: PortMessage) => void;

/**
 * Browsers deserialise a message when its `data` is read. So a message that is dropped here costs next to
 * nothing, whatever its size.
 *
 * @param onUnread Receives a violation for each message that was dropped.
 */
export function sparingPort(
  port: ChannelPort,
  gate: Gate,
  onUnread: (violation: BridgeError) => void,
): ChannelPort {
  const sparing = new Map<MessageListener, MessageListener>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    addEventListener(type: string, listener: MessageListener & (() => void)) {
      if (type !== "message") return port.addEventListener(type as "close", listener);
      const receive = (event: PortMessage): void => {
        if (gate.mayRead()) listener(event);
        else onUnread(unread());
      };
      sparing.set(listener, receive);
      port.addEventListener("message", receive);
    },
    removeEventListener(type: string, listener: MessageListener & (() => void)) {
      if (type !== "message") return port.removeEventListener(type as "close", listener);
      const receive = sparing.get(listener);
      sparing.delete(listener);
      if (receive) port.removeEventListener("message", receive);
    },
    start: () => port.start(),
    close: () => port.close(),
  };
}

function unread(): BridgeError {
  return new BridgeError(
    "FRAME_RATE_EXCEEDED",
    "The guest floods the channel, so its messages are not read.",
  );
}
