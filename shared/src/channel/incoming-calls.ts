/**
 * Calls of the other side that are being worked on. Each gets exactly one answer unless its caller
 * gave up; ids only ever rise, so a repeated call is found out without remembering the old ones.
 */
import { isPromiseLike } from "../contract/validate.ts";
import { BridgeError } from "../errors/bridge-error.ts";
import type { CallFrame, CallId } from "../protocol/frames.ts";
import { splitTransfer } from "./call-options.ts";
import type { SendOptions } from "./channel.ts";

/** What a handler may know of the call, besides its arguments. */
export interface IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Fires when the caller gives up or the channel ends. */
  readonly signal: AbortSignal;
}

export interface IncomingCalls {
  readonly size: number;
  start(frame: CallFrame): void;
  abort(id: CallId): void;
  /** Fires every signal and answers nothing more. */
  end(): void;
}

export interface IncomingCallsOptions {
  readonly handle: (call: IncomingCall) => unknown;
  readonly maxCalls: number;
  readonly result: (id: CallId, value: unknown, options: SendOptions) => void;
  /** Answers with an error, and reports what stays on this side. */
  readonly fail: (id: CallId, error: unknown) => void;
}

export function createIncomingCalls(options: IncomingCallsOptions): IncomingCalls {
  const running = new Map<CallId, LazyAbort>();
  let lastId = 0;

  const answer = (id: CallId, returned: unknown): void => {
    if (!running.delete(id)) return;
    const { value, transfer } = splitTransfer(returned);
    options.result(id, value, transfer ? { transfer } : {});
  };

  const fail = (id: CallId, error: unknown): void => {
    if (running.delete(id)) options.fail(id, error);
  };

  return {
    get size() {
      return running.size;
    },
    start([, id, method, args]) {
      if (id <= lastId) {
        throw new BridgeError("FRAME_MALFORMED", "The other side used a call id twice.");
      }
      lastId = id;
      if (running.size >= options.maxCalls) {
        return options.fail(id, tooManyCalls(options.maxCalls));
      }
      const abort = new LazyAbort();
      running.set(id, abort);
      const call: IncomingCall = {
        method,
        args,
        get signal() {
          return abort.signal;
        },
      };
      try {
        const returned = options.handle(call);
        if (isPromiseLike(returned)) {
          returned.then(
            (value) => answer(id, value),
            (error: unknown) => fail(id, error),
          );
        } else answer(id, returned);
      } catch (error) {
        fail(id, error);
      }
    },
    abort(id) {
      const call = running.get(id);
      running.delete(id);
      call?.abort();
    },
    end() {
      const calls = [...running.values()];
      running.clear();
      for (const call of calls) call.abort();
    },
  };
}

// Most handlers never look at their signal, and an AbortController per call is not free.
class LazyAbort {
  #controller: AbortController | undefined;
  #aborted = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}

export function tooManyCalls(max: number): BridgeError {
  return new BridgeError("CALL_LIMIT_EXCEEDED", `More than ${max} calls wait for an answer.`);
}
