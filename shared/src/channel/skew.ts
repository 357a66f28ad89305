/**
 * The skew between this device's clock and the issuer's. Two bounds limit it, and every message
 * narrows them. A message that took long, for example because the device slept, narrows them little.
 * A message outside the bounds shows that a clock was set, so the bounds are discarded.
 */
import type { Clock } from "../clock.ts";

export interface Skew {
  /**
   * The issuer's time now in epoch milliseconds. After a requested message this is the latest time
   * possible, so a token may seem older than it is, and never younger.
   */
  issuerNow(): number;
  /**
   * Records a message that has just arrived.
   *
   * @param issuerNowMs The issuer's time while the message was on its way.
   * @param askedAtMs This device's time of the request; `undefined` for a message without request.
   */
  sample(issuerNowMs: number, askedAtMs?: number): void;
}

export function createSkew(clock: Clock): Skew {
  let least = -Infinity;
  let most = Infinity;
  return {
    issuerNow: () => clock.now() - (least > -Infinity ? least : most < Infinity ? most : 0),
    sample(issuerNowMs, askedAtMs = -Infinity) {
      const low = askedAtMs - issuerNowMs;
      const high = clock.now() - issuerNowMs;
      const isSet = low > most || high < least;
      least = isSet ? low : Math.max(least, low);
      most = isSet ? high : Math.min(most, high);
    },
  };
}
