/** A real `MessageChannel` whose messages a test can delay, drop or await. */
import type { Clock } from "../clock.ts";
import type { ChannelPort } from "../channel/port.ts";
import { nextTask } from "./test-clock.ts";

/** Conditions for each message, read when it arrives, so a test may change them at any time. */
export interface PipeConditions {
  /** Milliseconds that a message takes. */
  readonly delayMs: number;
  /** Messages are lost, and neither side notices. */
  readonly isDropping: boolean;
}

export interface MessagePipe {
  readonly ports: readonly [ChannelPort, ChannelPort];
  /** Ends the pipe. Both ends are notified. */
  cut(): void;
  /** Resolves when no message is on its way and no arrived message has caused a new one. */
  settled(): Promise<void>;
}

type Listener = (event: { readonly data: unknown }) => void;

class End implements ChannelPort {
  peer: End | undefined;
  isOpen = true;
  sent = 0;
  /** Messages on their way to this end. */
  awaits = 0;
  #lastAt = 0;
  readonly #port: ChannelPort;
  readonly #clock: Clock;
  readonly #conditions: () => PipeConditions;
  readonly #messageListeners = new Set<Listener>();
  readonly #closeListeners = new Set<() => void>();
  readonly #timers = new Set<unknown>();

  constructor(port: ChannelPort, clock: Clock, conditions: () => PipeConditions) {
    this.#port = port;
    this.#clock = clock;
    this.#conditions = conditions;
    port.addEventListener("message", ({ data }) => {
      this.awaits = Math.max(0, this.awaits - 1);
      if (this.#conditions().isDropping) return;
      this.#later(() => {
        for (const listener of [...this.#messageListeners]) listener({ data });
      });
    });
    port.addEventListener("close", () => this.#later(() => this.lose()));
  }

  postMessage(data: unknown, transfer: object[]): void {
    this.#port.postMessage(data, transfer);
    this.sent += 1;
    if (this.peer?.isOpen) this.peer.awaits += 1;
  }

  addEventListener(type: string, listener: Listener & (() => void)): void {
    if (type === "message") this.#messageListeners.add(listener);
    else if (type === "close") this.#closeListeners.add(listener);
  }

  removeEventListener(type: string, listener: Listener & (() => void)): void {
    if (type === "message") this.#messageListeners.delete(listener);
    else if (type === "close") this.#closeListeners.delete(listener);
  }

  start(): void {
    this.#port.start();
  }

  close(): void {
    this.isOpen = false;
    this.awaits = 0;
    this.#messageListeners.clear();
    this.#closeListeners.clear();
    for (const timer of this.#timers) this.#clock.clearTimer(timer);
    this.#port.close();
  }

  lose(): void {
    const listeners = [...this.#closeListeners];
    this.close();
    for (const listener of listeners) listener();
  }

  // Messages arrive in order, even if the delay has become shorter in the meantime.
  #later(happen: () => void): void {
    const now = this.#clock.monotonic();
    this.#lastAt = Math.max(this.#lastAt, now + this.#conditions().delayMs);
    if (this.#lastAt <= now) return happen();
    const timer = this.#clock.setTimer(() => {
      this.#timers.delete(timer);
      happen();
    }, this.#lastAt - now);
    this.#timers.add(timer);
  }
}

export function createMessagePipe(clock: Clock, conditions: () => PipeConditions): MessagePipe {
  const { port1, port2 } = new MessageChannel();
  const first = new End(port1, clock, conditions);
  const second = new End(port2, clock, conditions);
  first.peer = second;
  second.peer = first;
  return {
    ports: [first, second],
    cut() {
      first.lose();
      second.lose();
    },
    async settled() {
      let sent: number;
      do {
        sent = first.sent + second.sent;
        await nextTask();
      } while (first.awaits + second.awaits > 0 || first.sent + second.sent !== sent);
    },
  };
}
