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
import { BridgeError } from "../errors/bridge-error.ts";
import { CHANNEL_LIMITS, TIMEOUTS, type ChannelLimits } from "../limits.ts";
import { parseMessage, type CallId, type Frame } from "../protocol/frames.ts";
import type { StateKey } from "../protocol/state.ts";
import type { WireError } from "../errors/bridge-error.ts";
import type { CallOptionsInit } from "./call-options.ts";
import type { Clock } from "../clock.ts";
import { createIncomingCalls, tooManyCalls, type IncomingCall } from "./incoming-calls.ts";
import { createOutbox } from "./outbox.ts";
import { toWireError } from "./outgoing-error.ts";
import { createPendingCalls } from "./pending-calls.ts";
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
  /** Default: {@link CHANNEL_LIMITS}. */
  readonly limits?: ChannelLimits;
  /** Checks and counts a message. Default: checks form and number of frames only. */
  readonly receive?: (data: unknown) => readonly Frame[];
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

export function createChannel(options: ChannelOptions): Channel {
  const { port, handlers, clock, tap, limits = CHANNEL_LIMITS } = options;
  const receive = options.receive ?? ((data) => parseMessage(data, limits.maxFramesPerMessage));
  let isOpen = true;
  let lastId = 0;
  let violations = 0;

  const outbox = createOutbox(port, limits.maxFramesPerMessage, (frame, error) => {
    if (frame[0] === "call") pending.reject(frame[1], error);
    else if (frame[0] === "result") fail(frame[1], error);
    else handlers.report(error);
  });

  const send = (frame: Frame, transfer?: readonly object[]): void => {
    if (!isOpen) return;
    tap?.("out", frame);
    outbox.push(frame, transfer);
  };

  const fail = (id: CallId, error: unknown): void => {
    const wire = toWireError(error, randomId());
    send(["error", id, wire]);
    if (wire.code === "CALL_FAILED") handlers.report(error);
  };

  const pending = createPendingCalls(clock, (id) => send(["abort", id]));
  const incoming = createIncomingCalls({
    handle: handlers.call,
    maxCalls: limits.maxCallsInFlight,
    result: (id, value, transfer) => send(["result", id, value], transfer),
    fail,
  });

  const end = (error: BridgeError): void => {
    isOpen = false;
    port.removeEventListener("message", onMessage);
    port.removeEventListener("close", onGone);
    port.removeEventListener("messageerror", onMessageError);
    port.close();
    incoming.end();
    pending.rejectAll((method) => endedDuring(method, error));
  };

  const lose = (error: BridgeError): void => {
    if (!isOpen) return;
    end(error);
    handlers.ended(error);
  };

  const violation = (error: BridgeError): void => {
    if (!isOpen) return;
    options.onViolation?.(error);
    violations += 1;
    if (violations < limits.maxViolations) return;
    send(["close"]);
    outbox.flush();
    lose(
      new BridgeError(
        error.code,
        `The other side violated the protocol too often: ${error.message}`,
      ),
    );
  };

  const handle = (frame: Frame, isUserActive: boolean | undefined): void => {
    tap?.("in", frame);
    switch (frame[0]) {
      case "call":
        return incoming.start(frame, isUserActive);
      case "result":
        return void pending.resolve(frame[1], frame[2]);
      case "error":
        return void pending.reject(frame[1], BridgeError.fromWire(frame[2]));
      case "abort":
        return incoming.abort(frame[1]);
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
        return lose(new BridgeError("CHANNEL_LOST", "The other side closed the channel."));
    }
  };

  const onMessage = ({ data, userActivation }: PortMessage): void => {
    let frames: readonly Frame[];
    try {
      frames = receive(data);
    } catch (error) {
      refuse(data, error as BridgeError);
      return;
    }
    const isUserActive =
      userActivation === undefined ? undefined : userActivation?.isActive === true;
    for (const frame of frames) {
      if (!isOpen) return;
      try {
        handle(frame, isUserActive);
      } catch (error) {
        if (BridgeError.is(error)) violation(error);
        else handlers.report(error);
      }
    }
  };

  // Without this, the calls in a refused message, and our calls whose answers were in it, would wait
  // for their timeout.
  const refuse = (data: unknown, error: BridgeError): void => {
    if (Array.isArray(data)) {
      for (const frame of data.slice(0, limits.maxFramesPerMessage) as unknown[]) {
        if (!Array.isArray(frame) || !Number.isSafeInteger(frame[1])) continue;
        const id = frame[1] as CallId;
        if (frame[0] === "call") send(["error", id, toWireError(error, randomId())]);
        else if (frame[0] === "result" || frame[0] === "error") pending.reject(id, error);
      }
    }
    violation(error);
  };

  const onGone = (): void => {
    lose(new BridgeError("CHANNEL_LOST", "The other side is gone."));
  };

  const onMessageError = (): void => {
    violation(new BridgeError("FRAME_MALFORMED", "A message could not be read."));
  };

  port.addEventListener("message", onMessage);
  port.addEventListener("close", onGone);
  port.addEventListener("messageerror", onMessageError);
  port.start();

  return {
    get isOpen() {
      return isOpen;
    },
    call(method, args, { signal, timeoutMs = TIMEOUTS.callMs, transfer } = {}) {
      return new Promise((resolve, reject) => {
        if (!isOpen) return reject(endedDuring(method, undefined));
        if (signal?.aborted) return reject(aborted(method, signal));
        if (pending.size >= limits.maxCallsInFlight) {
          return reject(tooManyCalls(limits.maxCallsInFlight));
        }
        lastId += 1;
        const id = lastId;
        const onAbort = (): void => {
          send(["abort", id]);
          pending.reject(id, aborted(method, signal));
        };
        signal?.addEventListener("abort", onAbort);
        const release = signal && (() => signal.removeEventListener("abort", onAbort));
        pending.add(id, { method, timeoutMs, resolve, reject, release });
        send(["call", id, method, args], transfer);
      });
    },
    send: (frame, { transfer } = {}) => send(frame, transfer),
    violation,
    close(error) {
      if (!isOpen) return;
      send(["close"]);
      outbox.flush();
      end(error ?? new BridgeError("CHANNEL_CLOSED", "The bridge was closed."));
    },
  };
}

function unexpected(frame: Frame): () => never {
  return () => {
    throw new BridgeError("FRAME_MALFORMED", `This side may not send a "${frame[0]}" frame.`);
  };
}

function aborted(method: string, signal: AbortSignal | undefined): BridgeError {
  return new BridgeError("CALL_ABORTED", `The call of "${method}" was aborted.`, {
    cause: signal?.reason,
  });
}

// Each waiting call gets its own error, so that stacks and correlation ids do not mix.
function endedDuring(method: string, error: BridgeError | undefined): BridgeError {
  return new BridgeError(
    error?.code === "CHANNEL_CLOSED" ? "CHANNEL_CLOSED" : "CHANNEL_LOST",
    `The channel ended before "${method}" was answered.`,
    error ? { cause: error } : {},
  );
}
