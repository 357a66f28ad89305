/**
 * How far this device's clock is from the issuer's. Every sample is too large by the time the
 * message was on its way, so the smallest is the best. A clock that is set forward makes all later
 * samples larger; the caller notices by a token that seems to be born dead, and starts over.
 */
import type { Clock } from "./clock.ts";

export interface Skew {
  /** The issuer's time now, epoch milliseconds. */
  issuerNow(): number;
  /** A message that was sent at this time of the issuer has just arrived. */
  sample(issuerNowMs: number): void;
  restart(issuerNowMs: number): void;
}

export function createSkew(clock: Clock): Skew {
  let skewMs = Infinity;
  return {
    issuerNow: () => clock.now() - (skewMs === Infinity ? 0 : skewMs),
    sample(issuerNowMs) {
      skewMs = Math.min(skewMs, clock.now() - issuerNowMs);
    },
    restart(issuerNowMs) {
      skewMs = clock.now() - issuerNowMs;
    },
  };
}
