/**
 * Calls of the other side that are being handled. Each gets exactly one answer, unless its caller
 * aborts it. Ids only increase, so a repeated call is detected without a list of earlier ids.
 */
import { WORDS } from "@breezeway/shared/words";
import { isPromiseLike } from "../contract/validate.ts";
import { BridgeError } from "../errors/bridge-error.ts";
import type { CallFrame, CallId } from "../protocol/frames.ts";
import { splitTransfer } from "./call-options.ts";

/** A call as its handler sees it. */
export interface IncomingCall {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Fires when the caller aborts or the channel ends. */
  readonly signal: AbortSignal;
  /**
   * Whether the caller's document had user activation; `undefined` where the browser does not say.
   */
  readonly isUserActive: boolean | undefined;
}

export interface IncomingCalls {
  /** `bytes` is the measured size of the frame. */
  start(frame: CallFrame, isUserActive: boolean | undefined, bytes: number): void;
  abort(id: CallId): void;
  /** Fires every signal. No call is answered after that. */
  end(): void;
}

/** @throws {BridgeError} CALL_LIMIT_EXCEEDED */
export type Hold = (bytes: number) => () => void;

export interface IncomingCallsDeps {
  readonly handle: (call: IncomingCall) => unknown;
  readonly maxCalls: number;
  /** Accounts for the bytes of a frame until the returned function is called. Throws to refuse the call. */
  readonly hold: Hold | undefined;
  readonly result: (id: CallId, value: unknown, transfer?: readonly object[]) => void;
  /** Answers with an error, and reports the part that stays on this side. */
  readonly fail: (id: CallId, error: unknown) => void;
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

  // Created on first use: most handlers never read their signal, and a controller costs time.
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

export function createIncomingCalls(deps: IncomingCallsDeps): IncomingCalls {
  const running = new Map<CallId, RunningCall>();
  let lastId = 0;

  const answer = (id: CallId, returned: unknown): void => {
    if (!running.delete(id)) return;
    const { value, transfer } = splitTransfer(returned);
    deps.result(id, value, transfer);
  };

  const fail = (id: CallId, error: unknown): void => {
    if (running.delete(id)) deps.fail(id, error);
  };

  return {
    start([, id, method, args], isUserActive, bytes) {
      if (id <= lastId) {
        throw new BridgeError("FRAME_MALFORMED", WORDS && "The other side used a call id twice.");
      }
      lastId = id;
      if (running.size >= deps.maxCalls) {
        return deps.fail(id, tooManyCalls(deps.maxCalls));
      }
      const call = new RunningCall(method, args, isUserActive);
      running.set(id, call);
      let release: (() => void) | undefined;
      try {
        release = deps.hold?.(bytes);
        const returned = deps.handle(call);
        if (isPromiseLike(returned)) {
          // An aborted handler holds its arguments, too, until it settles.
          returned.then(
            (value) => {
              release?.();
              answer(id, value);
            },
            (error: unknown) => {
              release?.();
              fail(id, error);
            },
          );
          return;
        }
        answer(id, returned);
      } catch (error) {
        fail(id, error);
      }
      release?.();
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

export function tooManyCalls(max: number): BridgeError {
  return new BridgeError(
    "CALL_LIMIT_EXCEEDED",
    WORDS ? `More than ${max} calls wait for an answer.` : [max],
  );
}
