/** Random choices that a seed repeats. */
import { randomFrom } from "@breezeway/test-support/random";

export interface Dice {
  /** A whole number from 0 to `sides - 1`. */
  roll(sides: number): number;
  /** @throws {RangeError} for an empty list */
  pick<T>(from: readonly T[]): T;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  shuffle<T>(list: readonly T[]): T[];
}

/** @param seed A whole number. */
export function createDice(seed: number): Dice {
  const next = randomFrom(seed);
  const roll = (sides: number): number => Math.floor(next() * sides);
  return {
    roll,
    pick(from) {
      if (from.length === 0) throw new RangeError("pick: the list is empty.");
      return from[roll(from.length)] as (typeof from)[number];
    },
    between: (least, most) => least + roll(most - least + 1),
    shuffle(list) {
      const left = [...list];
      const shuffled: (typeof left)[number][] = [];
      while (left.length > 0) shuffled.push(...left.splice(roll(left.length), 1));
      return shuffled;
    },
  };
}
