/**
 * The only file of the host that exchanges window messages. It answers the handshake of whatever
 * document a frame holds, as long as that document has the origin that the registry has for the app.
 *
 * [FL-1] One frame, one exact origin, both fixed when the link is made; never taken from a message.
 * [FL-2] What penpal may call has no prototype: its method lookup would walk it.
 * [FL-3] `hello` never throws: penpal would send the stack along.
 * [FL-4] The link stays for all documents that the frame loads one after another, so penpal's
 *        DESTROY, by which one of them could end it for all later ones, is ignored.
 */
import {
  HANDSHAKE_CHANNEL,
  parseHello,
  type Hello,
  type Refusal,
  type Welcome,
} from "@breezeway/shared";
import { randomId, toWireError } from "@breezeway/shared/channel";
import { connect, Reply, WindowMessenger, type MessageHandler } from "penpal";

export interface FrameLinkOptions {
  readonly frameWindow: Window;
  readonly origin: string;
  /** Given the host's end of the data channel. Rejects with a BridgeError to refuse the guest. */
  readonly onHello: (hello: Hello, port: MessagePort) => Promise<Welcome>;
}

export interface FrameLink {
  close(): void;
}

export function linkFrame({ frameWindow, origin, onHello }: FrameLinkOptions): FrameLink {
  const messenger = new WindowMessenger({ remoteWindow: frameWindow, allowedOrigins: [origin] });
  const addMessageHandler = messenger.addMessageHandler;
  messenger.addMessageHandler = (handler: MessageHandler) => {
    addMessageHandler((message) => {
      if (message.type !== "DESTROY") handler(message);
    });
  };

  const hello = async (value: unknown): Promise<Reply> => {
    const { port1: ours, port2: theirs } = new MessageChannel();
    try {
      const welcome = await onHello(parseHello(value), ours);
      return new Reply({ welcome, port: theirs }, { transferables: [theirs] });
    } catch (error) {
      ours.close();
      const welcome: Refusal = { ok: false, error: toWireError(error, randomId()) };
      return new Reply({ welcome, port: null });
    }
  };

  const connection = connect({
    messenger,
    methods: Object.assign(Object.create(null) as object, { hello }),
    channel: HANDSHAKE_CHANNEL,
  });
  // Ends with the link; a frame that never answers is noticed by its mount, which knows the time.
  connection.promise.catch(() => undefined);
  return { close: () => connection.destroy() };
}
