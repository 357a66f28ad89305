/**
 * The only file of the host that exchanges window messages. It answers the handshake of any document in
 * a frame whose origin is the one that the registry has for the app.
 *
 *   guest                          host
 *   SYN (id) ────────────────────▶ begins an attempt: a penpal connection of its own
 *            ◀──────────────────── SYN, ACK1
 *   ACK2 (port) ─────────────────▶ the attempt takes the port
 *   CALL hello ──────── port ────▶
 *            ◀───────── port ───── REPLY welcome, data port
 *
 * [FL-1] A link has one frame and one exact origin, both fixed when it is made and never taken from a
 *        message. The host sends window messages to that origin only.
 * [FL-2] The object with the methods for penpal has no prototype: penpal's lookup would walk it.
 * [FL-3] `hello` never throws, and errors of penpal are replaced by a fixed text: penpal would send the
 *        stack.
 * [FL-4] The guest speaks first and the host leads. So a guest has two steps, and either may arrive at
 *        any time. A step that the newest attempt cannot use begins the next attempt. So no message,
 *        and no end of an attempt, leaves state behind that breaks the next attempt.
 * [FL-5] An attempt that has its port is independent: no window message affects it any more.
 * [FL-6] A handshake may take one `hello`, a few messages and a few seconds. A token bucket limits how
 *        many begin; the latest is always served.
 * [FL-7] The host's window does not keep the link alive: a frame that was removed without `close` can be
 *        collected.
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
import {
  connect,
  Reply,
  type Connection,
  type Message,
  type MessageHandler,
  type Messenger,
} from "penpal";
import { PENPAL, readCall, readStep } from "./guest-messages.ts";
import { createHandshakeThrottle } from "./throttle.ts";

export interface FrameLinkOptions {
  /** The frame's present window: a frame that is moved in the page gets a new one. */
  readonly frameWindow: () => Window | null;
  readonly origin: string;
  readonly clock: Clock;
  /** Receives the host's end of the data channel. Rejects with a BridgeError to refuse the guest. */
  readonly onHello: (hello: Hello, port: MessagePort) => Promise<Welcome>;
  /** Receives each text that a document of this origin in the frame posts. */
  readonly onAnswer: (text: string) => void;
  /** Receives the origin of each message of the frame that is not the app's, and of each SYN that is. */
  readonly onSeen: (origin: string) => void;
}

export interface FrameLink {
  /** Ends the handshakes that are under way. */
  reset(): void;
  /** Posts a text to the document in the frame, if it has the link's origin. */
  ask(text: string): void;
  close(): void;
}

const GOODBYE: readonly Frame[] = [["close"]];

type Post = (message: Message) => void;

interface Attempt {
  /** Identifies a repeated SYN of the same guest. */
  readonly guestId: string | undefined;
  readonly wantsPort: boolean;
  /** Answers the guest's SYN. */
  answer(): void;
  take(port: MessagePort): void;
  end(): void;
}

interface AttemptDeps extends Pick<FrameLinkOptions, "clock" | "onHello"> {
  readonly guestId: string | undefined;
  readonly post: Post;
  readonly onEnd: () => void;
}

export function linkFrame(options: FrameLinkOptions): FrameLink {
  const { frameWindow, origin, clock, onHello } = options;
  const attempts = new Set<Attempt>();
  const throttle = createHandshakeThrottle(clock);
  // The participant with the greater id leads. Ids of penpal are hexadecimal, so `~` is greater.
  const participantId = `~${randomId()}`;
  let newest: Attempt | undefined;

  const post: Post = (message) =>
    frameWindow()?.postMessage(
      message.type === "SYN" ? { ...message, participantId } : message,
      origin,
    );

  const begin = (guestId: string | undefined): Attempt => {
    if (newest?.wantsPort) newest.end();
    const attempt = openAttempt({
      guestId,
      clock,
      onHello,
      post,
      onEnd: () => void attempts.delete(attempt),
    });
    attempts.add(attempt);
    newest = attempt;
    return attempt;
  };

  const reset = (): void => {
    for (const attempt of attempts) attempt.end();
  };

  const onWindowMessage = (event: MessageEvent<unknown>): void => {
    // Check the sender first: reading `data` deserialises the whole message.
    if (event.source === null || event.source !== frameWindow()) return;
    if (event.origin !== origin) return options.onSeen(event.origin);
    const { data } = event;
    if (typeof data === "string") return options.onAnswer(data);
    const step = readStep(data);
    const [port] = event.ports;
    if (step?.type === "SYN") {
      const { guestId } = step;
      options.onSeen(origin);
      if (guestId !== newest?.guestId) throttle.run(() => begin(guestId).answer());
    } else if (step && port) {
      if (newest?.wantsPort) newest.take(port);
      else throttle.run(() => begin(newest?.guestId).take(port));
    }
  };

  // The link holds its handler, and the window does not.
  const held = { onWindowMessage, listener: weakListener(new WeakRef(onWindowMessage)) };
  addEventListener("message", held.listener);
  return {
    reset,
    ask: (text) => frameWindow()?.postMessage(text, origin),
    close() {
      removeEventListener("message", held.listener);
      throttle.close();
      reset();
    },
  };
}

type Handle = (event: MessageEvent<unknown>) => void;

/**
 * A listener that refers to its handler weakly. It stands apart, since JavaScript keeps what one function
 * of a scope uses alive for all functions of that scope.
 */
function weakListener(handler: WeakRef<Handle>): Handle {
  return function listen(event) {
    const handle = handler.deref();
    if (handle) handle(event);
    else removeEventListener("message", listen);
  };
}

interface AttemptState {
  connection: Connection | undefined;
  port: MessagePort | undefined;
  /** Messages that came through the port. */
  messages: number;
  isOpen: boolean;
  isAnswering: boolean;
  isGreeted: boolean;
  timer: unknown;
}

function openAttempt(deps: AttemptDeps): Attempt {
  const { guestId, clock } = deps;
  const handlers = new Set<MessageHandler>();
  const state: AttemptState = {
    connection: undefined,
    port: undefined,
    messages: 0,
    isOpen: true,
    isAnswering: false,
    isGreeted: false,
    timer: undefined,
  };

  const end = (): void => {
    state.isOpen = false;
    clock.clearTimer(state.timer);
    state.connection?.destroy();
    deps.onEnd();
  };

  const expireLater = (): void => {
    clock.clearTimer(state.timer);
    state.timer = clock.setTimer(end, TIMEOUTS.handshakeMs);
  };

  const receive = (message: Message): void => {
    for (const handle of handlers) handle(message);
  };

  const onPortMessage = ({ data }: MessageEvent<unknown>): void => {
    state.messages += 1;
    const message = readCall(data);
    if (message?.type === "DESTROY" || state.messages > HANDSHAKE_LIMITS.maxMessagesPerAttempt) {
      end();
    } else if (message) receive(message);
  };

  const hello = async (value: unknown): Promise<Reply> => {
    if (state.isGreeted) throw new TypeError("hello may be called once");
    state.isGreeted = true;
    expireLater();
    return answerHello(value, deps.onHello, () => state.isOpen);
  };

  state.connection = connect({
    messenger: createMessenger(deps.post, state, handlers),
    methods: Object.assign(Object.create(null) as object, { hello }),
    channel: PENPAL.channel,
  });
  expireLater();

  return {
    guestId,
    get wantsPort() {
      return state.isOpen && state.port === undefined;
    },
    answer() {
      state.isAnswering = true;
      // The empty id is less than any other, so the host leads.
      receive({ ...PENPAL, type: "SYN", participantId: "" });
    },
    take(port) {
      state.port = port;
      port.addEventListener("message", onPortMessage);
      port.start();
      receive({ ...PENPAL, type: "ACK2" });
    },
    end,
  };
}

function createMessenger(
  post: Post,
  state: AttemptState,
  handlers: Set<MessageHandler>,
): Messenger {
  return {
    initialize() {},
    addMessageHandler: (handler) => void handlers.add(handler),
    removeMessageHandler: (handler) => void handlers.delete(handler),
    sendMessage(message, transfer = []) {
      if (message.type === "SYN" || message.type === "ACK1") {
        // penpal's own first SYN has no receiver: a guest that is there has spoken already.
        if (state.isAnswering) post(message);
      } else state.port?.postMessage(withoutCause(message), transfer);
    },
    destroy() {
      state.port?.close();
      handlers.clear();
    },
  };
}

async function answerHello(
  value: unknown,
  onHello: FrameLinkOptions["onHello"],
  isOpen: () => boolean,
): Promise<Reply> {
  const { port1: ours, port2: theirs } = new MessageChannel();
  try {
    const welcome = await onHello(parseHello(value), ours);
    // The host has opened its channel by now, and the guest that would close it never arrives.
    if (!isOpen() || !isCloneable(welcome)) theirs.postMessage(GOODBYE, []);
    return new Reply({ welcome, port: theirs }, { transferables: [theirs] });
  } catch (error) {
    ours.close();
    const welcome: Refusal = { ok: false, error: toWireError(error, randomId()) };
    return new Reply({ welcome, port: null });
  }
}

/** Replaces the exception in an error that penpal made of it. */
function withoutCause(message: Message): Message {
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
      message: "The handshake has one method, hello, which may be called once.",
      penpalCode: "METHOD_NOT_FOUND",
    },
  };
}
