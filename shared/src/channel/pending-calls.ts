/**
 * Calls that this side made and that wait for their answer. Every one of them settles: by its
 * answer, its deadline, its signal, or the end of the channel. One timer serves them all, set to
 * the earliest deadline; it is off when nothing waits.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { CallId } from "../protocol/frames.ts";
import type { Clock } from "./clock.ts";

// Longer delays overflow the timer of every engine and fire at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

interface PendingCall {
  readonly method: string;
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: BridgeError) => void;
  /** Stops listening to the caller's signal. */
  readonly release: (() => void) | undefined;
}

export interface PendingCalls {
  readonly size: number;
  add(id: CallId, call: Omit<PendingCall, "deadline">): void;
  resolve(id: CallId, value: unknown): boolean;
  reject(id: CallId, error: BridgeError): boolean;
  rejectAll(error: (method: string) => BridgeError): void;
}

/** @param onTimeout called before a call is rejected, so that the callee can be told to stop */
export function createPendingCalls(clock: Clock, onTimeout: (id: CallId) => void): PendingCalls {
  const calls = new Map<CallId, PendingCall>();
  let timer: unknown;
  let wakeAt = Infinity;

  const take = (id: CallId): PendingCall | undefined => {
    const call = calls.get(id);
    if (call === undefined) return undefined;
    calls.delete(id);
    call.release?.();
    if (calls.size === 0) stopTimer();
    return call;
  };

  const stopTimer = (): void => {
    if (wakeAt === Infinity) return;
    wakeAt = Infinity;
    clock.clearTimer(timer);
    timer = undefined;
  };

  const wakeBy = (deadline: number, now: number): void => {
    if (deadline >= wakeAt) return;
    stopTimer();
    wakeAt = deadline;
    timer = clock.setTimer(expire, Math.min(deadline - now, MAX_TIMER_MS));
  };

  const expire = (): void => {
    wakeAt = Infinity;
    const now = clock.monotonic();
    let next = Infinity;
    for (const [id, call] of calls) {
      if (call.deadline > now) next = Math.min(next, call.deadline);
      else {
        onTimeout(id);
        take(id)?.reject(timedOut(call));
      }
    }
    if (calls.size > 0) wakeBy(next, now);
  };

  return {
    get size() {
      return calls.size;
    },
    add(id, call) {
      const now = clock.monotonic();
      const deadline = now + call.timeoutMs;
      calls.set(id, { ...call, deadline });
      wakeBy(deadline, now);
    },
    resolve(id, value) {
      const call = take(id);
      call?.resolve(value);
      return call !== undefined;
    },
    reject(id, error) {
      const call = take(id);
      call?.reject(error);
      return call !== undefined;
    },
    rejectAll(error) {
      for (const id of calls.keys()) {
        const call = take(id);
        call?.reject(error(call.method));
      }
    },
  };
}

function timedOut({ method, timeoutMs }: PendingCall): BridgeError {
  return new BridgeError("CALL_TIMEOUT", `"${method}" did not answer within ${timeoutMs} ms.`);
}
