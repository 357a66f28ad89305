/**
 * Asks the issuer who is signed in until it has answered. A page that was opened while the issuer was
 * away would otherwise go on as if nobody were, and one that must ask anew as if nothing had changed.
 */
import type { Clock } from "@breezeway/shared/channel";
import type { HostSessionControl } from "./host-session.ts";

const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

export interface Asking {
  /**
   * Asks now, and again while nobody answers. Never rejects; settles with the answer, or with a
   * sign-out.
   */
  ask(): Promise<void>;
  stop(): void;
}

/** Begins when the first question of the session was not answered. */
export function askUntilAnswered(session: HostSessionControl, clock: Clock): Asking {
  let timer: unknown;
  let isStopped = false;
  let retrying: Promise<void> | undefined;

  // Of a sign-out that could not reach the issuer, its answer would sign in again.
  const isWanted = (): boolean => !isStopped && session.answer.current !== null;

  const isAnswered = (): Promise<boolean> =>
    session.refetch().then(
      () => true,
      () => false,
    );

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      timer = clock.setTimer(resolve, ms);
    });

  const retry = async (): Promise<void> => {
    for (let ms = FIRST_PAUSE_MS; isWanted(); ms = Math.min(ms * 2, MAX_PAUSE_MS)) {
      await pause(ms);
      if (!isWanted() || (await isAnswered())) return;
    }
  };

  const goOn = (): Promise<void> => {
    retrying ??= retry().finally(() => {
      retrying = undefined;
    });
    return retrying;
  };

  void session.ready.then(() => {
    if (session.answer.current === undefined) void goOn();
  });
  return {
    async ask() {
      if (!(await isAnswered())) await goOn();
    },
    stop() {
      isStopped = true;
      clock.clearTimer(timer);
    },
  };
}
