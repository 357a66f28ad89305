/**
 * Renews the session secret now and then, so that a copied cookie does not stay good for a month.
 * One tab does it for all; a lost answer is retried well within the time in which the issuer still
 * takes the previous secret (30 s).
 */
import { BridgeError } from "@breezeway/shared";
import type { Clock, Unsubscribe } from "@breezeway/shared/channel";

const PERIOD_MS = 60 * 60_000;
const RETRY_MS = 4_000;
const MAX_RETRIES = 5;

/** @returns a function that stops it */
export function startRotationTimer(refresh: () => Promise<void>, clock: Clock): Unsubscribe {
  let timer: unknown;
  let isStopped = false;
  let retries = 0;

  const wait = (ms: number): void => {
    if (!isStopped) timer = clock.setTimer(() => void rotate(), ms);
  };

  const rotate = async (): Promise<void> => {
    try {
      await refresh();
      retries = 0;
      wait(PERIOD_MS);
    } catch (error) {
      const isWorthwhile = BridgeError.is(error) && error.retryable && retries < MAX_RETRIES;
      retries = isWorthwhile ? retries + 1 : 0;
      wait(isWorthwhile ? RETRY_MS : PERIOD_MS);
    }
  };

  wait(PERIOD_MS);
  return () => {
    isStopped = true;
    clock.clearTimer(timer);
  };
}
