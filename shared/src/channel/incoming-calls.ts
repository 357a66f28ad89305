/**
 * Calls of the other side that are being worked on. Each gets exactly one answer unless its caller
 * gave up; ids only ever rise, so a repeated call is found out without remembering the old ones.
 */
import { isPromiseLike } from "../contract/validate.ts";
import { BridgeError } from "../errors/bridge-error.ts";
import type { CallFrame, CallId } from "../protocol/frames.ts";
import { splitTransfer } from "./call-options.ts";

/** What a handler may know of the call, besides its arguments. */
export interface IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Fires when the caller gives up or the channel ends. */
  readonly signal: AbortSignal;
  /**
   * Whether a person had just done something in the caller's document; `undefined` where the browser
   * does not tell.
   */
  readonly isUserActive: boolean | undefined;
}

export interface IncomingCalls {
  start(frame: CallFrame, isUserActive: boolean | undefined): void;
  abort(id: CallId): void;
  /** Fires every signal and answers nothing more. */
  end(): void;
}

export interface IncomingCallsOptions {
  readonly handle: (call: IncomingCall) => unknown;
  readonly maxCalls: number;
  readonly result: (id: CallId, value: unknown, transfer?: readonly object[]) => void;
  /** Answers with an error, and reports what stays on this side. */
  readonly fail: (id: CallId, error: unknown) => void;
}

export function createIncomingCalls(options: IncomingCallsOptions): IncomingCalls {
  const running = new Map<CallId, RunningCall>();
  let lastId = 0;

  const answer = (id: CallId, returned: unknown): void => {
    if (!running.delete(id)) return;
    const { value, transfer } = splitTransfer(returned);
    options.result(id, value, transfer);
  };

  const fail = (id: CallId, error: unknown): void => {
    if (running.delete(id)) options.fail(id, error);
  };

  return {
    start([, id, method, args], isUserActive) {
      if (id <= lastId) {
        throw new BridgeError("FRAME_MALFORMED", "The other side used a call id twice.");
      }
      lastId = id;
      if (running.size >= options.maxCalls) {
        return options.fail(id, tooManyCalls(options.maxCalls));
      }
      const call = new RunningCall(method, args, isUserActive);
      running.set(id, call);
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

class RunningCall implements IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly isUserActive: boolean | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(method: string, args: readonly unknown[], isUserActive: boolean | undefined) {
    this.method = method;
    this.args = args;
    this.isUserActive = isUserActive;
  }

  // Made when it is asked for: most handlers never look at their signal, and it is not free.
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}

export function tooManyCalls(max: number): BridgeError {
  return new BridgeError("CALL_LIMIT_EXCEEDED", `More than ${max} calls wait for an answer.`);
}
