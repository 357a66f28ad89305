/**
 * The only file of the host that exchanges window messages. It answers the handshake of whatever
 * document a frame holds, as long as that document has the origin that the registry has for the app.
 *
 *   guest                          host
 *   SYN (id) ────────────────────▶ begins an attempt: a penpal connection of its own
 *            ◀──────────────────── SYN, ACK1
 *   ACK2 (port) ─────────────────▶ the attempt takes the port
 *   CALL hello ──────── port ────▶
 *            ◀───────── port ───── REPLY welcome, data port
 *
 * [FL-1] One frame, one exact origin, both fixed when the link is made; never taken from a message.
 *        Nothing is sent but to that origin.
 * [FL-2] What penpal may call has no prototype: its method lookup would walk it.
 * [FL-3] `hello` never throws, and of what penpal itself throws only a fixed text is sent: it would
 *        send the stack along.
 * [FL-4] The guest speaks first and the host leads, so a guest has two steps, of which any may come
 *        at any time. One that the newest attempt has no use for begins the next attempt. Thus no
 *        message, and no end of an attempt, leaves anything behind that the next one would trip over.
 * [FL-5] An attempt that has its port is on its own: nothing that comes by the window touches it.
 * [FL-6] A handshake is worth one `hello`, a few messages and some seconds, and only so many begin
 *        in a second; the latest is always served.
 */
import {
  HANDSHAKE_LIMITS,
  isCloneable,
  parseHello,
  TIMEOUTS,
  type Frame,
  type Hello,
  type Refusal,
  type Welcome,
} from "@breezeway/shared";
import { randomId, toWireError, type Clock } from "@breezeway/shared/channel";
import { connect, Reply, type Message, type MessageHandler, type Messenger } from "penpal";
import { PENPAL, readCall, readStep } from "./guest-messages.ts";
import { createHandshakeThrottle } from "./throttle.ts";

export interface FrameLinkOptions {
  /** The frame's window at present: a frame that is moved in the page has a new one. */
  readonly frameWindow: () => Window | null;
  readonly origin: string;
  readonly clock: Clock;
  /** Given the host's end of the data channel. Rejects with a BridgeError to refuse the guest. */
  readonly onHello: (hello: Hello, port: MessagePort) => Promise<Welcome>;
}

export interface FrameLink {
  close(): void;
}

const GOODBYE: readonly Frame[] = [["close"]];

type Post = (message: Message) => void;

interface Attempt {
  /** By which a guest's repeated SYN is known. */
  readonly guestId: string | undefined;
  readonly wantsPort: boolean;
  /** Answers the guest's SYN. */
  answer(): void;
  take(port: MessagePort): void;
  end(): void;
}

interface AttemptOptions extends Pick<FrameLinkOptions, "clock" | "onHello"> {
  readonly guestId: string | undefined;
  readonly post: Post;
  readonly onEnd: (attempt: Attempt) => void;
}

export function linkFrame({ frameWindow, origin, clock, onHello }: FrameLinkOptions): FrameLink {
  const attempts = new Set<Attempt>();
  const throttle = createHandshakeThrottle(clock);
  // Of two participants the one with the greater id leads; those of penpal are hexadecimal.
  const participantId = `~${randomId()}`;
  let newest: Attempt | undefined;

  const post: Post = (message) =>
    frameWindow()?.postMessage(
      message.type === "SYN" ? { ...message, participantId } : message,
      origin,
    );

  const begin = (guestId: string | undefined): Attempt => {
    if (newest?.wantsPort) newest.end();
    newest = openAttempt({
      guestId,
      clock,
      onHello,
      post,
      onEnd: (attempt) => void attempts.delete(attempt),
    });
    attempts.add(newest);
    return newest;
  };

  const onWindowMessage = (event: MessageEvent<unknown>): void => {
    // Before the data, which is dear to read when it is large.
    if (event.origin !== origin || event.source === null || event.source !== frameWindow()) return;
    const step = readStep(event.data);
    const [port] = event.ports;
    if (step?.type === "SYN") {
      const { guestId } = step;
      if (guestId !== newest?.guestId) throttle.run(() => begin(guestId).answer());
    } else if (step && port) {
      if (newest?.wantsPort) newest.take(port);
      else throttle.run(() => begin(newest?.guestId).take(port));
    }
  };

  addEventListener("message", onWindowMessage);
  return {
    close() {
      removeEventListener("message", onWindowMessage);
      throttle.close();
      for (const attempt of attempts) attempt.end();
    },
  };
}

function openAttempt({ guestId, clock, onHello, post, onEnd }: AttemptOptions): Attempt {
  const handlers = new Set<MessageHandler>();
  let port: MessagePort | undefined;
  let messages = 0;
  let isOpen = true;
  let isAnswering = false;
  let isGreeted = false;
  let timer: unknown;

  const expireLater = (): void => {
    clock.clearTimer(timer);
    timer = clock.setTimer(() => attempt.end(), TIMEOUTS.handshakeMs);
  };

  const receive = (message: Message): void => {
    for (const handle of handlers) handle(message);
  };

  const onPortMessage = ({ data }: MessageEvent<unknown>): void => {
    messages += 1;
    const message = readCall(data);
    if (message?.type === "DESTROY" || messages > HANDSHAKE_LIMITS.maxMessagesPerAttempt) {
      attempt.end();
    } else if (message) receive(message);
  };

  const hello = async (value: unknown): Promise<Reply> => {
    if (isGreeted) throw new TypeError("hello is said once");
    isGreeted = true;
    expireLater();
    const { port1: ours, port2: theirs } = new MessageChannel();
    try {
      const welcome = await onHello(parseHello(value), ours);
      // The host has opened its channel by now, and the guest that would close it never comes.
      if (!isOpen || !isCloneable(welcome)) theirs.postMessage(GOODBYE, []);
      return new Reply({ welcome, port: theirs }, { transferables: [theirs] });
    } catch (error) {
      ours.close();
      const welcome: Refusal = { ok: false, error: toWireError(error, randomId()) };
      return new Reply({ welcome, port: null });
    }
  };

  const messenger: Messenger = {
    initialize() {},
    addMessageHandler: (handler) => void handlers.add(handler),
    removeMessageHandler: (handler) => void handlers.delete(handler),
    sendMessage(message, transfer = []) {
      if (message.type === "SYN" || message.type === "ACK1") {
        // penpal's own first SYN is for nobody: a guest that is there has spoken.
        if (isAnswering) post(message);
      } else port?.postMessage(withoutWords(message), transfer);
    },
    destroy() {
      port?.close();
      handlers.clear();
    },
  };

  const connection = connect({
    messenger,
    methods: Object.assign(Object.create(null) as object, { hello }),
    channel: PENPAL.channel,
  });

  const attempt: Attempt = {
    guestId,
    get wantsPort() {
      return isOpen && port === undefined;
    },
    answer() {
      isAnswering = true;
      // Less than any id, so that it is the host that leads.
      receive({ ...PENPAL, type: "SYN", participantId: "" });
    },
    take(given) {
      port = given;
      port.addEventListener("message", onPortMessage);
      port.start();
      receive({ ...PENPAL, type: "ACK2" });
    },
    end() {
      isOpen = false;
      clock.clearTimer(timer);
      connection.destroy();
      onEnd(attempt);
    },
  };
  expireLater();
  return attempt;
}

/** An error that penpal made of an exception, with nothing of the exception. */
function withoutWords(message: Message): Message {
  if (message.type !== "REPLY" || !message.isError) return message;
  const { callId } = message;
  return {
    ...PENPAL,
    type: "REPLY",
    callId,
    isError: true,
    isSerializedErrorInstance: true,
    value: {
      name: "Error",
      message: "The handshake has one method, hello, to be called once.",
      penpalCode: "METHOD_NOT_FOUND",
    },
  };
}
