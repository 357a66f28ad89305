/**
 * `bench/results/latest.md`: the figures of the last complete run, as a table that people read and that
 * `citations.ts` reads back.
 */
import { join } from "node:path";
import * as z from "zod/mini";
import type { Figure } from "../../bench/figures.ts";
import { ROOT } from "../suite/root.ts";

export const LATEST: string = join(ROOT, "bench/results/latest.md");

const figureSchema: z.ZodMiniType<Figure> = z.strictObject({
  id: z.string().check(z.regex(/^[a-z0-9-]+\/[a-z0-9-]+$/u)),
  what: z.string(),
  value: z.number(),
  unit: z.string(),
  goal: z.string(),
  met: z.nullable(z.boolean()),
});

/** @throws {Error} when a line is not a figure, or when two figures have one id */
export function parseFigures(lines: string): Figure[] {
  const figures = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => z.parse(figureSchema, JSON.parse(line)));
  const ids = figures.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new Error(`bench: ${twice}: two figures have this id.`);
  return figures;
}

/** `0.92`, `12.5 kB` */
export function figureText({ value, unit }: Pick<Figure, "value" | "unit">): string {
  return unit === "" ? String(value) : `${value} ${unit}`;
}

const VERDICTS = { true: "met", false: "missed", null: "" } as const;

function cellsOf(figure: Figure): readonly string[] {
  const { id, what, goal, met } = figure;
  return [`\`${id}\``, what, figureText(figure), goal, VERDICTS[`${met}`]];
}

const HEAD = ["id", "what", "figure", "goal", ""];

/** The table for a terminal. */
export function terminalTable(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)].map((cells) => cells.slice(1));
  const widths = HEAD.slice(1).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** Where and with what the figures were measured, name by name. */
export type Circumstances = Readonly<Record<string, string>>;

export function latestPage(figures: readonly Figure[], circumstances: Circumstances): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# Benchmarks",
    "",
    "`npm run bench` writes this page after a complete run. Do not edit it. A ratio compares two sides of one",
    "run; other figures depend on the machine.",
    "",
    ...Object.entries(circumstances).map(([name, value]) => `- ${name}: ${value}`),
    "",
    row(HEAD),
    "| --- | --- | ---: | --- | --- |",
    ...figures.map((figure) => row(cellsOf(figure))),
    "",
  ].join("\n");
}

const ROW = /^\| `([^`]+)` *\| [^|]* \| +([^|]*?) +\|/gmu;

/** The texts of the figures of a page, by id. */
export function figuresOfPage(page: string): ReadonlyMap<string, string> {
  return new Map([...page.matchAll(ROW)].map(([, id = "", text = ""]) => [id, text]));
}
