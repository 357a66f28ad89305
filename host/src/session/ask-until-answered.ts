/**
 * Asks the issuer who is signed in until it answers. Otherwise a page that was opened while the issuer
 * was unreachable would act as if nobody were signed in, and a page that missed a change would act as
 * if nothing had changed.
 */
import type { Clock } from "@breezeway/shared/channel";
import type { HostSessionControl } from "./host-session.ts";

const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

export interface SessionQuestion {
  /**
   * Asks now, and retries with backoff until the issuer answers. Never rejects. Settles with the answer
   * or with a sign-out.
   */
  ask(): Promise<void>;
  stop(): void;
}

/** Starts asking when the first question of the session got no answer. */
export function askUntilAnswered(session: HostSessionControl, clock: Clock): SessionQuestion {
  const state = {
    timer: undefined as unknown,
    isStopped: false,
    retrying: undefined as Promise<void> | undefined,
  };

  // After a sign-out that did not reach the issuer, its answer would sign the user in again.
  const isWanted = (): boolean => !state.isStopped && session.answer.current !== null;

  const isAnswered = (): Promise<boolean> =>
    session.refetch().then(
      () => true,
      () => false,
    );

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      state.timer = clock.setTimer(resolve, ms);
    });

  const retry = async (): Promise<void> => {
    for (let ms = FIRST_PAUSE_MS; isWanted(); ms = Math.min(ms * 2, MAX_PAUSE_MS)) {
      await pause(ms);
      if (!isWanted() || (await isAnswered())) return;
    }
  };

  /** Single flight: all callers share one loop of retries. */
  const keepAsking = (): Promise<void> => {
    state.retrying ??= retry().finally(() => {
      state.retrying = undefined;
    });
    return state.retrying;
  };

  void session.ready.then(() => {
    if (session.answer.current === undefined) void keepAsking();
  });
  return {
    async ask() {
      if (!(await isAnswered())) await keepAsking();
    },
    stop() {
      state.isStopped = true;
      clock.clearTimer(state.timer);
    },
  };
}
