/** Numbers from 0 up to 1. */
export type Random = () => number;

/**
 * Mulberry32: the same numbers for the same seed, on every machine. Each bit of the seed changes each number, unlike
 * in a linear congruential generator. It is not for secrets.
 *
 * @param seed - A whole number.
 */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
