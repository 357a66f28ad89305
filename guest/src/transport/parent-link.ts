/**
 * The only file of the guest that touches `window.parent` and window messages. It finds the host,
 * pins its origin, and comes back with a welcome and a data port, or with a reason why not.
 *
 * [HS-1] Nobody but the direct parent, and only from an exact configured origin, is listened to.
 * [HS-2] Not embedded is an error at once, never a timeout: see `isEmbedded`.
 * [HS-3] Every attempt ends within its time; penpal alone would wait for ever.
 * [HS-4] Nothing of the guest is exposed to penpal: its method lookup walks prototypes.
 * [HS-5] What is sent goes to exact origins: to each that is configured, and once the host has
 *        answered to its alone.
 * [HS-6] Once the guest has its port, nothing that comes by the window touches the attempt.
 */
import {
  BridgeError,
  HANDSHAKE_CHANNEL,
  isRecord,
  parseWelcome,
  type Hello,
} from "@breezeway/shared";
import type { ChannelPort } from "@breezeway/shared/channel";
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
 * The page around this one, which the caller knows to be there.
 *
 * @param hostOrigins exact origins; the caller has checked them
 */
export function parentLink(hostOrigins: readonly string[]): HostLink {
  return { greet: (options) => greetParent(hostOrigins, options), watch: watchPage };
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
 * penpal's messages to and from the parent. In place of penpal's own `WindowMessenger`, which sends
 * its first message to any origin, can be switched to an older protocol by anyone, and is a third
 * of what penpal weighs. The host leads, so it is always the guest that sends ACK2 and its port.
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
    // Before the data, which is dear to read when it is large.
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
    // penpal removes them all, and only when it destroys the messenger: nothing is heard after that.
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
 * With each message goes whether the person has just done something in this document: the browser's
 * word, by which the host tells this frame from the others of its page.
 */
function tellingActivation(port: MessagePort): ChannelPort {
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
      return { welcome, port: tellingActivation(answer["port"]) };
  }
  throw new BridgeError("FRAME_MALFORMED", "The host's welcome is malformed.");
}
