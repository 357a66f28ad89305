/**
 * A channel over one data port, with the same code on both sides: calls in both directions, and
 * frames that the owner handles.
 *
 * [CH-1] Every call settles: answer, timeout, abort, refusal, or the end of the channel.
 * [CH-2] A message is accepted whole or refused whole; calls in a refused message are answered.
 * [CH-3] A frame without a handler of the owner is a violation.
 * [CH-4] After `maxViolations` the channel ends. After its end nothing is sent or handled.
 * [CH-5] Only code, message and correlation id of an error cross.
 */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";
import { SIDE_LIMITS, TIMEOUTS, type SideLimits } from "../limits.ts";
import { parseMessage, type CallId, type Frame } from "../protocol/frames.ts";
import type { StateKey } from "../protocol/state.ts";
import type { WireError } from "../errors/bridge-error.ts";
import type { CallOptionsInit } from "./call-options.ts";
import type { Clock } from "../clock.ts";
import type { Gate, ReceivedMessage } from "./gate.ts";
import {
  createIncomingCalls,
  tooManyCalls,
  type Hold,
  type IncomingCall,
  type IncomingCalls,
} from "./incoming-calls.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { toWireError } from "./outgoing-error.ts";
import { createPendingCalls, type PendingCalls } from "./pending-calls.ts";
import type { ChannelPort, PortMessage } from "./port.ts";
import { randomId } from "./random-id.ts";

export type { IncomingCall } from "./incoming-calls.ts";

export interface SendOptions {
  readonly transfer?: readonly object[];
}

/** The owner's handlers. The peer may not send a kind of frame that has no handler. */
export interface ChannelHandlers {
  /** The result, or the error that it throws or rejects with, becomes the answer. */
  readonly call: (call: IncomingCall) => unknown;
  readonly event?: (topic: string, payload: unknown, retained: boolean) => void;
  readonly subscribe?: (topic: string) => void;
  readonly unsubscribe?: (topic: string) => void;
  readonly state?: (key: StateKey, value: unknown) => void;
  readonly refused?: (topic: string, error: WireError) => void;
  /** Called once when the channel ends other than by our own `close()`. */
  readonly ended: (error: BridgeError) => void;
  /** Receives errors that no caller waits for: of a handler, or of an event that could not be sent. */
  readonly report: (error: unknown) => void;
}

export interface ChannelOptions {
  readonly port: ChannelPort;
  readonly handlers: ChannelHandlers;
  readonly clock: Clock;
  /** Default: {@link SIDE_LIMITS}. */
  readonly limits?: SideLimits;
  /** Checks and counts a message. Default: checks form and number of frames only. */
  readonly receive?: Gate["receive"];
  /** Bounds the bytes of calls whose handlers have not settled. Default: no bound. */
  readonly hold?: Hold;
  /** Receives every frame that is sent or accepted. */
  readonly tap?: ((direction: "in" | "out", frame: Frame) => void) | undefined;
  readonly onViolation?: (error: BridgeError) => void;
}

export interface Channel {
  readonly isOpen: boolean;
  call(method: string, args: readonly unknown[], options?: CallOptionsInit): Promise<unknown>;
  send(frame: Frame, options?: SendOptions): void;
  /** Counts a violation of the peer, and ends the channel at `maxViolations`. */
  violation(error: BridgeError): void;
  /** Notifies the peer, rejects waiting calls with `error` (default CHANNEL_CLOSED), closes the port. */
  close(error?: BridgeError): void;
}

// A class, since its parts need each other: a frame that cannot be sent ends a call, and the timeout of
// a call sends a frame.
class PortChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #handlers: ChannelHandlers;
  readonly #limits: SideLimits;
  readonly #receive: Gate["receive"];
  readonly #outbox: Outbox;
  readonly #pending: PendingCalls;
  readonly #incoming: IncomingCalls;
  #isOpen = true;
  #lastId = 0;
  #violations = 0;

  constructor(options: ChannelOptions) {
    const { port, clock, handlers, limits = SIDE_LIMITS } = options;
    this.#options = options;
    this.#handlers = handlers;
    this.#limits = limits;
    this.#receive =
      options.receive ?? ((data) => ({ frames: parseMessage(data, limits.maxFramesPerMessage) }));
    this.#outbox = createOutbox(port, limits.maxFramesPerMessage, (frame, error) =>
      this.#onUnsendable(frame, error),
    );
    this.#pending = createPendingCalls(clock, (id) => this.#send(["abort", id]));
    this.#incoming = createIncomingCalls({
      handle: handlers.call,
      maxCalls: limits.maxCallsInFlight,
      hold: options.hold,
      result: (id, value, transfer) => this.#send(["result", id, value], transfer),
      fail: (id, error) => this.#fail(id, error),
    });
    port.addEventListener("message", this.#onMessage);
    port.addEventListener("close", this.#onGone);
    port.addEventListener("messageerror", this.#onMessageError);
    port.start();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  call(
    method: string,
    args: readonly unknown[],
    { signal, timeoutMs = TIMEOUTS.callMs, transfer }: CallOptionsInit = {},
  ): Promise<unknown> {
    const { maxCallsInFlight } = this.#limits;
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) return reject(endedDuring(method, undefined));
      if (signal?.aborted) return reject(aborted(method, signal));
      if (this.#pending.size >= maxCallsInFlight) return reject(tooManyCalls(maxCallsInFlight));
      this.#lastId += 1;
      const id = this.#lastId;
      const onAbort = (): void => {
        this.#send(["abort", id]);
        this.#pending.reject(id, aborted(method, signal));
      };
      signal?.addEventListener("abort", onAbort);
      const release = signal && (() => signal.removeEventListener("abort", onAbort));
      this.#pending.add(id, { method, timeoutMs, resolve, reject, release });
      this.#send(["call", id, method, args], transfer);
    });
  }

  send(frame: Frame, { transfer }: SendOptions = {}): void {
    this.#send(frame, transfer);
  }

  violation(error: BridgeError): void {
    if (!this.#isOpen) return;
    this.#options.onViolation?.(error);
    this.#violations += 1;
    if (this.#violations < this.#limits.maxViolations) return;
    this.#sayClose();
    const message = WORDS && `The other side violated the protocol too often: ${error.message}`;
    this.#lose(new BridgeError(error.code, message));
  }

  close(error?: BridgeError): void {
    if (!this.#isOpen) return;
    this.#sayClose();
    this.#end(error ?? new BridgeError("CHANNEL_CLOSED", WORDS && "The bridge was closed."));
  }

  #send(frame: Frame, transfer?: readonly object[]): void {
    if (!this.#isOpen) return;
    this.#options.tap?.("out", frame);
    this.#outbox.push(frame, transfer);
  }

  #sayClose(): void {
    this.#send(["close"]);
    this.#outbox.flush();
  }

  #onUnsendable(frame: Frame, error: BridgeError): void {
    if (frame[0] === "call") this.#pending.reject(frame[1], error);
    else if (frame[0] === "result") this.#fail(frame[1], error);
    else this.#handlers.report(error);
  }

  #fail(id: CallId, error: unknown): void {
    const wire = toWireError(error, randomId());
    this.#send(["error", id, wire]);
    if (wire.code === "CALL_FAILED") this.#handlers.report(error);
  }

  #end(error: BridgeError): void {
    const { port } = this.#options;
    this.#isOpen = false;
    port.removeEventListener("message", this.#onMessage);
    port.removeEventListener("close", this.#onGone);
    port.removeEventListener("messageerror", this.#onMessageError);
    port.close();
    this.#incoming.end();
    this.#pending.rejectAll((method) => endedDuring(method, error));
  }

  #lose(error: BridgeError): void {
    if (!this.#isOpen) return;
    this.#end(error);
    this.#handlers.ended(error);
  }

  readonly #onMessage = ({ data, userActivation }: PortMessage): void => {
    let message: ReceivedMessage;
    try {
      message = this.#receive(data);
    } catch (error) {
      this.#refuse(data, error as BridgeError);
      return;
    }
    const isUserActive =
      userActivation === undefined ? undefined : userActivation?.isActive === true;
    const { frames, bytes } = message;
    let index = 0;
    for (const frame of frames) {
      if (!this.#isOpen) return;
      const size = bytes?.[index] ?? 0;
      index += 1;
      try {
        this.#handle(frame, isUserActive, size);
      } catch (error) {
        if (BridgeError.is(error)) this.violation(error);
        else this.#handlers.report(error);
      }
    }
  };

  readonly #onGone = (): void => {
    this.#lose(new BridgeError("CHANNEL_LOST", WORDS && "The other side is gone."));
  };

  readonly #onMessageError = (): void => {
    this.violation(new BridgeError("FRAME_MALFORMED", WORDS && "A message could not be read."));
  };

  // Without this, the calls in a refused message, and our calls whose answers were in it, would wait
  // for their timeout.
  #refuse(data: unknown, error: BridgeError): void {
    if (Array.isArray(data)) {
      for (const frame of data.slice(0, this.#limits.maxFramesPerMessage) as unknown[]) {
        if (!Array.isArray(frame) || !Number.isSafeInteger(frame[1])) continue;
        const id = frame[1] as CallId;
        if (frame[0] === "call") this.#send(["error", id, toWireError(error, randomId())]);
        else if (frame[0] === "result" || frame[0] === "error") this.#pending.reject(id, error);
      }
    }
    this.violation(error);
  }

  #handle(frame: Frame, isUserActive: boolean | undefined, bytes: number): void {
    const handlers = this.#handlers;
    this.#options.tap?.("in", frame);
    switch (frame[0]) {
      case "call":
        return this.#incoming.start(frame, isUserActive, bytes);
      case "result":
        return void this.#pending.resolve(frame[1], frame[2]);
      case "error":
        return void this.#pending.reject(frame[1], BridgeError.fromWire(frame[2]));
      case "abort":
        return this.#incoming.abort(frame[1]);
      case "event":
        return (handlers.event ?? unexpected(frame))(frame[1], frame[2], frame[3] === true);
      case "subscribe":
        return (handlers.subscribe ?? unexpected(frame))(frame[1]);
      case "unsubscribe":
        return (handlers.unsubscribe ?? unexpected(frame))(frame[1]);
      case "state":
        return (handlers.state ?? unexpected(frame))(frame[1], frame[2]);
      case "refused":
        return (handlers.refused ?? unexpected(frame))(frame[1], frame[2]);
      case "close":
        return this.#lose(
          new BridgeError("CHANNEL_LOST", WORDS && "The other side closed the channel."),
        );
    }
  }
}

export function createChannel(options: ChannelOptions): Channel {
  return new PortChannel(options);
}

function unexpected(frame: Frame): () => never {
  return () => {
    throw new BridgeError(
      "FRAME_MALFORMED",
      WORDS && `This side may not send a "${frame[0]}" frame.`,
    );
  };
}

function aborted(method: string, signal: AbortSignal | undefined): BridgeError {
  return new BridgeError(
    "CALL_ABORTED",
    WORDS ? `The call of "${method}" was aborted.` : [method],
    {
      cause: signal?.reason,
    },
  );
}

// Each waiting call gets its own error, so that stacks and correlation ids do not mix.
function endedDuring(method: string, error: BridgeError | undefined): BridgeError {
  return new BridgeError(
    error?.code === "CHANNEL_CLOSED" ? "CHANNEL_CLOSED" : "CHANNEL_LOST",
    WORDS ? `The channel ended before "${method}" was answered.` : [method],
    error ? { cause: error } : {},
  );
}
