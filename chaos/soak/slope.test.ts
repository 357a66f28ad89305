import { describe, expect, it } from "vitest";
import { createDice } from "../dice.ts";
import { slopeOf, type Point } from "./slope.ts";

/** Half an hour, one point each 10 s. */
function series(valueAt: (hours: number, noise: number) => number): Point[] {
  const dice = createDice(9);
  return Array.from({ length: 180 }, (_, index) => {
    const atHours = index / 360;
    return { atHours, value: valueAt(atHours, dice.roll(1_001) / 500 - 1) };
  });
}

describe("a series", () => {
  it.each<[string, (hours: number, noise: number) => number, boolean]>([
    ["of 60 with a noise of 5", (_hours, noise) => 60 + 5 * noise, false],
    ["that never changes", () => 60, false],
    [
      "that grows by 20 an hour within a noise of 5",
      (hours, noise) => 60 + 20 * hours + 5 * noise,
      true,
    ],
    ["that grows by 12 an hour without noise", (hours) => 60 + 12 * hours, true],
    ["that shrinks", (hours, noise) => 60 - 8 * hours + noise, false],
    ["that fills a cache at first", (hours) => 60 + 40 * Math.min(hours, 0.14), false],
    ["that grows by less than a twentieth", (hours) => 60 + 2 * hours, false],
    ["that gains one descriptor in ten minutes", (hours) => 30 + Math.floor(6 * hours), true],
  ])("%s counts as growing: %s", (_name, valueAt, isGrowing) => {
    expect(slopeOf(series(valueAt))?.isGrowing).toBe(isGrowing);
  });

  it("that grows by less than a twentieth rises all the same, and noise does not", () => {
    expect(slopeOf(series((hours) => 60 + 2 * hours))?.isRising).toBe(true);
    expect(slopeOf(series((_hours, noise) => 60 + 5 * noise))?.isRising).toBe(false);
  });

  it("that grows only in its first three minutes does not count as growing in a run of eight", () => {
    const points = Array.from({ length: 40 }, (_, index) => {
      const minutes = (index * 8) / 40;
      return { atHours: minutes / 60, value: 16 + Math.min(minutes, 3) };
    });
    expect(slopeOf(points)?.isGrowing).toBe(false);
  });

  it("has the slope per hour that it was made with", () => {
    expect(slopeOf(series((hours) => 10 + 8 * hours))?.perHour).toBeCloseTo(8);
  });

  it("of two points has no slope", () => {
    expect(slopeOf(series(() => 1).slice(0, 2))).toBeUndefined();
  });
});
