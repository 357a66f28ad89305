/**
 * How far this device's clock is from the issuer's: between two bounds, which every message narrows. A
 * message that was long on its way, as when the device slept meanwhile, narrows little, and one that
 * fits neither bound shows that a clock was set: all that was known is void.
 */
import type { Clock } from "../clock.ts";

export interface Skew {
  /**
   * The issuer's time now, epoch milliseconds. The latest that it can be, where messages were asked
   * for: what is judged by it may seem older than it is, and never younger.
   */
  issuerNow(): number;
  /**
   * A message has just arrived.
   *
   * @param issuerNowMs the issuer's time while it was on its way
   * @param askedAtMs this device's time when it was asked for; nothing if it came by itself
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
