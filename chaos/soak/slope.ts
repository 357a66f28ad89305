/** Whether a series grows, told apart from its noise. */
export interface Point {
  readonly atHours: number;
  readonly value: number;
}

export interface Slope {
  readonly mean: number;
  /** Least squares. */
  readonly perHour: number;
  /** Standard error of `perHour`. */
  readonly noisePerHour: number;
  /** Its slope is more than noise. */
  readonly isRising: boolean;
  /** It rises, and by so much that it matters. */
  readonly isGrowing: boolean;
}

/** The start of a run fills caches and pools: this part of the time is left out. */
const WARM_UP = 0.3;
/** In a shorter run than {@link LEAST_MINUTES}, caches fill until the end. */
const WARM_UP_HOURS = 3 / 60;
export const LEAST_MINUTES = 8;
/**
 * Neighbouring points are alike, as the same streams are open in both, so their noise is not independent.
 * Means of so many stretches of the series are.
 */
const STRETCHES = 10;
/** A slope counts from so many standard errors on: by chance, one in 500 series has it. */
const STANDARD_ERRORS = 4;
/** Growth over the points must also be a part of the mean, since a series without noise has no error. */
const LEAST_GROWTH = 0.05;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** One point for each stretch: the mean of its points. */
function stretchesOf(points: readonly Point[]): readonly Point[] {
  const count = Math.min(STRETCHES, points.length);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * points.length) / count);
    const stretch = points.slice(from, Math.floor(((index + 1) * points.length) / count));
    return {
      atHours: meanOf(stretch.map(({ atHours }) => atHours)),
      value: meanOf(stretch.map(({ value }) => value)),
    };
  });
}

/** @returns `undefined` for fewer than three points after the warm-up, which a busy machine may leave */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  const from = Math.max(WARM_UP_HOURS, WARM_UP * (points.at(-1)?.atHours ?? 0));
  const counted = stretchesOf(points.filter(({ atHours }) => atHours >= from));
  if (counted.length < 3) return undefined;
  const meanAt = meanOf(counted.map(({ atHours }) => atHours));
  const mean = meanOf(counted.map(({ value }) => value));
  const spread = counted.reduce((sum, { atHours }) => sum + (atHours - meanAt) ** 2, 0);
  const perHour =
    counted.reduce((sum, { atHours, value }) => sum + (atHours - meanAt) * (value - mean), 0) /
    spread;
  const left = counted.reduce(
    (sum, { atHours, value }) => sum + (value - mean - perHour * (atHours - meanAt)) ** 2,
    0,
  );
  const noisePerHour = Math.sqrt(left / (counted.length - 2) / spread);
  const hours = (counted.at(-1)?.atHours ?? 0) - (counted[0]?.atHours ?? 0);
  const isRising = perHour > STANDARD_ERRORS * noisePerHour;
  const isGrowing = isRising && perHour * hours > LEAST_GROWTH * mean;
  return { mean, perHour, noisePerHour, isRising, isGrowing };
}
