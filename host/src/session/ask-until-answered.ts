/**
 * Asks the issuer who is signed in until it has answered once. A page that was opened while the issuer
 * was away would otherwise go on as if nobody were.
 */
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";
import type { HostSessionControl } from "./host-session.ts";

const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

/** @returns a function that stops it */
export function askUntilAnswered(session: HostSessionControl, clock: Clock): Unsubscribe {
  let timer: unknown;
  let isStopped = false;
  let pauseMs = FIRST_PAUSE_MS;

  const wait = (): void => {
    if (isStopped || session.answer.current !== undefined) return;
    timer = clock.setTimer(() => void session.refetch().then(wait, wait), pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  };

  void session.ready.then(wait);
  return () => {
    isStopped = true;
    clock.clearTimer(timer);
  };
}
