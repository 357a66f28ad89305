/** A frame's window in memory, with a well-behaved guest, which is penpal itself, and hostile ones. */
import { connect, type Message, type MessageHandler, type Messenger } from "penpal";
import { vi } from "vitest";
import { HANDSHAKE_LIMITS, type Hello, type Welcome } from "@breezeway/shared";
import { createTestClock, nextTask, type TestClock } from "@breezeway/shared/testing";
import { linkFrame, type FrameLink } from "../src/transport/frame-link.ts";

export const ORIGIN = "https://orders.test";
export const HELLO = { protocol: [1, 1], sdk: "t", documentId: "d", autoRefresh: true };
export const WELCOME = { ok: true, appId: "orders" } as unknown as Welcome;
export const HEADER = { namespace: "penpal", channel: "breezeway" };

export interface Sent {
  readonly message: Message;
  readonly targetOrigin: string;
}

export interface From {
  readonly ports?: readonly MessagePort[];
  readonly source?: unknown;
  readonly origin?: string;
}

export interface World {
  readonly clock: TestClock;
  readonly link: FrameLink;
  /** The messages that the host has posted to the frame's window. */
  readonly sent: Sent[];
  /** The types of the messages that the well-behaved guest has posted. */
  readonly said: string[];
  readonly listeners: Set<(message: unknown) => void>;
  readonly hellos: Hello[];
  readonly hostPorts: MessagePort[];
  /** The texts that the host has accepted from the frame's window. */
  readonly answers: string[];
  /** The origins that the link has seen in the frame. */
  readonly seen: string[];
  /** Settles each welcome. */
  welcome: () => Promise<Welcome>;
  /** Delivers a message of the frame's window to the host's window. */
  say(data: unknown, from?: From): void;
  /** The frame's current window. */
  guestWindow: object | null;
}

const page = new EventTarget();
const open: (() => void)[] = [];

/** Closes the port when the page closes. */
export function closeLater(port: MessagePort): void {
  open.push(() => port.close());
}

/** Opens the host's page before each test. */
export function openPage(): void {
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
}

/** Closes the page; call it after each test. */
export function closePage(): void {
  for (const close of open.splice(0)) close();
  vi.unstubAllGlobals();
}

export function setUp(): World {
  const clock = createTestClock({ nowMs: 0 });
  const listeners = new Set<(message: unknown) => void>();
  const sent: Sent[] = [];
  const guestWindow = {
    postMessage(message: Message, targetOrigin: string) {
      sent.push({ message, targetOrigin });
      const copy: unknown = structuredClone(message);
      for (const listener of listeners) queueMicrotask(() => listener(copy));
    },
  };
  const world: World = {
    clock,
    sent,
    said: [],
    listeners,
    hellos: [],
    hostPorts: [],
    answers: [],
    seen: [],
    welcome: () => Promise.resolve(WELCOME),
    guestWindow,
    say(data, { ports = [], source = guestWindow, origin = ORIGIN } = {}) {
      const event = Object.assign(new Event("message"), { data, ports, source, origin });
      page.dispatchEvent(event);
    },
    link: linkFrame({
      frameWindow: () => world.guestWindow as Window | null,
      origin: ORIGIN,
      clock,
      onHello(hello, port) {
        world.hellos.push(hello);
        world.hostPorts.push(port);
        return world.welcome();
      },
      onAnswer: (text) => void world.answers.push(text),
      onSeen: (origin) => void world.seen.push(origin),
    }),
  };
  open.push(() => {
    world.link.close();
    for (const port of world.hostPorts) port.close();
  });
  return world;
}

export type Answer = {
  readonly welcome: { readonly ok: boolean };
  readonly port: MessagePort | null;
};

/** A penpal guest with its own window; resolves with the answer to its hello. */
export async function greet(world: World): Promise<Answer> {
  const handlers = new Set<MessageHandler>();
  let port: MessagePort | undefined;
  const hear = (data: unknown): void => {
    for (const handle of handlers) handle(data as Message);
  };
  const messenger: Messenger = {
    initialize: () => void world.listeners.add(hear),
    addMessageHandler: (handler) => void handlers.add(handler),
    removeMessageHandler: (handler) => void handlers.delete(handler),
    sendMessage(message, transfer = []) {
      if (message.type !== "CALL") world.said.push(message.type);
      if (message.type === "SYN" || message.type === "ACK1") return world.say(message);
      if (message.type !== "ACK2") return port?.postMessage(message, transfer);
      const { port1, port2 } = new MessageChannel();
      port = port1;
      port1.addEventListener("message", ({ data }) => hear(data));
      port1.start();
      world.say(message, { ports: [port2] });
    },
    destroy() {
      world.listeners.delete(hear);
      port?.close();
    },
  };
  const connection = connect<{ hello(hello: unknown): unknown }>({
    messenger,
    channel: "breezeway",
  });
  // Waits exactly as long as the last message of a flood has to wait.
  await world.clock.advance(1_000 / HANDSHAKE_LIMITS.attemptsPerSecond);
  const host = await connection.promise;
  const answer = (await host.hello(HELLO)) as Answer;
  connection.destroy();
  answer.port?.close();
  return answer;
}

/** A guest that performs the handshake itself and keeps its port. */
export async function takePort(world: World, guestId: string): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  closeLater(port1);
  world.say({ ...HEADER, type: "SYN", participantId: guestId });
  world.say({ ...HEADER, type: "ACK2" }, { ports: [port2] });
  await nextTask();
  port1.start();
  return port1;
}

export function nextMessage(port: MessagePort): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    port.addEventListener("message", ({ data }) => resolve(data as Record<string, unknown>), {
      once: true,
    });
  });
}

export const call = (id: string, methodPath: unknown, args: unknown = [HELLO]): object => ({
  ...HEADER,
  type: "CALL",
  id,
  methodPath,
  args,
});
