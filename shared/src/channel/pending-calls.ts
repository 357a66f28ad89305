/**
 * Calls of this side that wait for an answer. Each settles: by its answer, its deadline, its signal,
 * or the end of the channel. One timer serves all of them.
 *
 * Setting and clearing a timer for each call would take 5 % of its time. So the first call sets a
 * timer of `SOON_MS`, which later calls and answers leave alone. If calls still wait when it fires,
 * it is set to the earliest deadline, and cleared once no call waits. No timer outlives its call by
 * more than `SOON_MS`, and none outlives the channel.
 */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError } from "../errors/bridge-error.ts";
import type { CallId } from "../protocol/frames.ts";
import type { Clock } from "../clock.ts";

const SOON_MS = 100;
// In every browser and in Node a longer delay overflows, and the timer fires at once.
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

/** @param onTimeout Called before a call is rejected, to tell the callee to stop. */
export function createPendingCalls(clock: Clock, onTimeout: (id: CallId) => void): PendingCalls {
  const calls = new Map<CallId, PendingCall>();
  let timer: unknown;
  let wakeAt = Infinity;
  let isSoon = false;

  const stopTimer = (): void => {
    if (wakeAt === Infinity) return;
    wakeAt = Infinity;
    clock.clearTimer(timer);
    timer = undefined;
  };

  const take = (id: CallId): PendingCall | undefined => {
    const call = calls.get(id);
    if (call === undefined) return undefined;
    calls.delete(id);
    call.release?.();
    if (calls.size === 0 && !isSoon) stopTimer();
    return call;
  };

  /** Rejects the calls whose deadline has passed. Returns the earliest deadline of the others. */
  const rejectDue = (now: number): number => {
    let next = Infinity;
    for (const [id, call] of calls) {
      if (call.deadline > now) next = Math.min(next, call.deadline);
      else {
        onTimeout(id);
        take(id)?.reject(timedOut(call));
      }
    }
    return next;
  };

  const wakeBy = (deadline: number, now: number, longestMs: number): void => {
    if (deadline >= wakeAt) return;
    stopTimer();
    wakeAt = Math.min(deadline, now + longestMs);
    isSoon = longestMs === SOON_MS;
    timer = clock.setTimer(() => {
      wakeAt = Infinity;
      const firedAt = clock.monotonic();
      wakeBy(rejectDue(firedAt), firedAt, MAX_TIMER_MS);
    }, wakeAt - now);
  };

  return {
    get size() {
      return calls.size;
    },
    add(id, { method, timeoutMs, resolve, reject, release }) {
      const now = clock.monotonic();
      const deadline = now + timeoutMs;
      calls.set(id, { method, timeoutMs, resolve, reject, release, deadline });
      wakeBy(deadline, now, SOON_MS);
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
      stopTimer();
    },
  };
}

function timedOut({ method, timeoutMs }: PendingCall): BridgeError {
  return new BridgeError(
    "CALL_TIMEOUT",
    WORDS ? `"${method}" did not answer within ${timeoutMs} ms.` : [`${method}, ${timeoutMs} ms`],
  );
}
