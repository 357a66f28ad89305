/**
 * Asks the issuer once an hour to rotate the session secret, so that a copied cookie is not valid for a
 * month. One tab asks for all tabs. After a lost response the timer retries well within the 30 seconds
 * in which the issuer still accepts the previous secret.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../channel/store.ts";

const PERIOD_MS = 60 * 60_000;
const RETRY_MS = 4_000;
const MAX_RETRIES = 5;

/**
 * @param refresh Asks the issuer to rotate the secret.
 * @param ageMs The present secret's age. A negative one means that the clock was set back.
 * @returns A function that stops the timer.
 */
export function startRotationTimer(
  refresh: () => Promise<void>,
  clock: Clock,
  ageMs = 0,
): Unsubscribe {
  const state = { timer: undefined as unknown, isStopped: false, retries: 0 };

  const rotate = async (): Promise<void> => {
    let isRetry = false;
    try {
      await refresh();
    } catch (error) {
      isRetry = BridgeError.is(error) && error.retryable && state.retries < MAX_RETRIES;
    }
    state.retries = isRetry ? state.retries + 1 : 0;
    if (state.isStopped) return;
    state.timer = clock.setTimer(() => void rotate(), isRetry ? RETRY_MS : PERIOD_MS);
  };

  const firstMs = PERIOD_MS - Math.max(0, ageMs);
  state.timer = clock.setTimer(() => void rotate(), Math.max(0, firstMs));
  return () => {
    state.isStopped = true;
    clock.clearTimer(state.timer);
  };
}
