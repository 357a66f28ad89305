/**
 * Hands the figures of a bench to `npm run bench`, as lines of JSON in the file that
 * `BREEZEWAY_BENCH_FIGURES` names. A bench that runs alone prints its own tables, and this file does
 * nothing.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export interface Measurement {
  /** Names the figure where documents cite it: `gateway/repeat`. */
  readonly id: string;
  readonly what: string;
  readonly value: number;
  /** `ms`, `kB`; empty for a ratio or a count. */
  readonly unit: string;
  readonly goal?: Goal | undefined;
}

/** One line of the file. */
export interface Figure extends Pick<Measurement, "id" | "what" | "value" | "unit"> {
  /** `≥ 0.92`; empty without a goal. */
  readonly goal: string;
  readonly met: boolean | null;
}

/** Rounds to the digits that are printed, so that the goal is judged by what the reader sees. */
export function figureOf({ id, what, value, unit, goal }: Measurement): Figure {
  const rounded = Number(value.toPrecision(3));
  if (goal === undefined) return { id, what, value: rounded, unit, goal: "", met: null };
  const [sign, wanted, met] =
    "atLeast" in goal
      ? (["≥", goal.atLeast, rounded >= goal.atLeast] as const)
      : (["≤", goal.atMost, rounded <= goal.atMost] as const);
  const text = unit === "" ? `${sign} ${wanted}` : `${sign} ${wanted} ${unit}`;
  return { id, what, value: rounded, unit, goal: text, met };
}

export function report(measurement: Measurement): void {
  const file = process.env["BREEZEWAY_BENCH_FIGURES"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figureOf(measurement))}\n`);
}
