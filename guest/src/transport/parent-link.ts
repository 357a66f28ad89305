/**
 * The only file of the guest that uses `window.parent` and window messages. It finds the host, pins
 * its origin, and resolves to a welcome and a data port, or rejects with the reason.
 *
 * [HS-1] Only messages from the direct parent and an exact configured origin are accepted.
 * [HS-2] A page that is not embedded fails at once, never by a timeout. See `isEmbedded`.
 * [HS-3] Every attempt ends within its timeout; penpal alone would wait forever.
 * [HS-4] No method of the guest is exposed to penpal, since its method lookup walks prototypes.
 * [HS-5] Messages go to exact origins only: to each configured one, and after the host's first
 *        answer to the host's origin alone.
 * [HS-6] Once the guest has its port, window messages no longer affect the attempt.
 * [HS-7] The guest returns the host's question whether a document with a bridge is still in the frame.
 */
import {
  BridgeError,
  HANDSHAKE_CHANNEL,
  isRecord,
  parseWelcome,
  PRESENCE_QUESTION,
  type Hello,
} from "@breezeway/shared";
import type { ChannelPort } from "@breezeway/shared/channel";
import { WORDS } from "@breezeway/shared/words";
import { connect, type Message, type MessageHandler, type Messenger } from "penpal";
import { fromPenpal, noAnswer } from "./from-penpal.ts";
import type { Attempt, GreetOptions, Greeting, HostLink } from "./host-link.ts";
import { watchPage } from "./page-life.ts";

// A type, because penpal wants an index signature, which an interface does not have.
type HostMethods = { hello(hello: Hello): unknown };

/** True when this page is inside a frame. Says nothing about who embeds it. */
export function isEmbedded(): boolean {
  return typeof window !== "undefined" && window.parent !== window;
}

/**
 * Returns a link to the parent page. The caller has checked that there is one.
 *
 * @param hostOrigins Exact origins, which the caller has checked.
 */
export function parentLink(hostOrigins: readonly string[]): HostLink {
  return {
    greet: (options) => greetParent(hostOrigins, options),
    watch: (listener) =>
      watchPage(listener, (event) => {
        if (event.source !== window.parent || !hostOrigins.includes(event.origin)) return;
        const { data } = event;
        if (String(data).startsWith(PRESENCE_QUESTION))
          window.parent.postMessage(data, event.origin);
      }),
  };
}

function greetParent(
  hostOrigins: readonly string[],
  { hello, timeoutMs, clock }: GreetOptions,
): Attempt {
  const connection = connect<HostMethods>({
    messenger: parentMessenger(hostOrigins),
    channel: HANDSHAKE_CHANNEL,
  });
  let timer: unknown;

  const cancel = (): void => {
    clock.clearTimer(timer);
    connection.destroy();
  };

  const greet = async (): Promise<Greeting> => {
    const host = await connection.promise;
    const answer = readAnswer(await host.hello(hello));
    cancel();
    return answer;
  };

  const greeting = new Promise<Greeting>((resolve, reject) => {
    const fail = (error: unknown): void => {
      cancel();
      reject(fromPenpal(error));
    };
    if (timeoutMs !== Infinity) {
      timer = clock.setTimer(() => fail(noAnswer(timeoutMs)), timeoutMs);
    }
    greet().then(resolve, fail);
  });
  return { greeting, cancel };
}

/**
 * Carries penpal's messages to and from the parent. penpal's own `WindowMessenger` sends its first
 * message to any origin, lets any sender switch it to an older protocol, and makes up a third of
 * penpal's size. The host leads the handshake, so the guest always sends ACK2 with its port.
 */
function parentMessenger(hostOrigins: readonly string[]): Messenger {
  const handlers: MessageHandler[] = [];
  let isOurs: (data: unknown) => data is Message;
  let port: MessagePort | undefined;
  let targets = hostOrigins;

  const receive = ({ data }: MessageEvent<unknown>): void => {
    if (isOurs(data)) for (const handle of handlers) handle(data);
  };

  const onWindowMessage = (event: MessageEvent<unknown>): void => {
    // Check the sender first: reading `data` deserialises the whole message.
    if (port || event.source !== window.parent || !hostOrigins.includes(event.origin)) return;
    targets = [event.origin];
    receive(event);
  };

  const toParent = (message: Message, transfer: Transferable[]): void => {
    for (const target of targets) window.parent.postMessage(message, target, transfer);
  };

  return {
    initialize({ validateReceivedMessage }) {
      isOurs = validateReceivedMessage;
      addEventListener("message", onWindowMessage);
    },
    addMessageHandler: (handler) => void handlers.push(handler),
    // penpal removes handlers only together with the messenger, which receives nothing after that.
    removeMessageHandler() {},
    sendMessage(message, transfer = []) {
      if (message.type === "SYN") toParent(message, transfer);
      else if (message.type === "ACK2") {
        const { port1, port2 } = new MessageChannel();
        port = port1;
        port.addEventListener("message", receive);
        port.start();
        toParent(message, [port2]);
      } else port?.postMessage(message, transfer);
    },
    destroy() {
      removeEventListener("message", onWindowMessage);
      port?.close();
    },
  };
}

/**
 * Sends the user activation of this document with each message. The browser vouches for it, so the
 * host can attribute a click to this frame and not to another frame of its page.
 */
function withActivation(port: MessagePort): ChannelPort {
  const post = port.postMessage.bind(port);
  return Object.assign(port, {
    postMessage(message: unknown, transfer: object[]) {
      const options = { transfer, includeUserActivation: true };
      post(message, options);
    },
  });
}

function readAnswer(answer: unknown): Greeting {
  if (isRecord(answer)) {
    const welcome = parseWelcome(answer["welcome"]);
    if (!welcome.ok) throw BridgeError.fromWire(welcome.error);
    if (answer["port"] instanceof MessagePort)
      return { welcome, port: withActivation(answer["port"]) };
  }
  throw new BridgeError("FRAME_MALFORMED", WORDS && "The host's welcome is malformed.");
}
