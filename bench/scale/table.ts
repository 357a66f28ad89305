/** The table of scale in Markdown. */
import { cpus, tmpdir } from "node:os";
import process from "node:process";
import type { Figure } from "./figure.ts";
import { CASES } from "./cases.ts";

export interface Compared {
  readonly title: string;
  readonly work: string;
  readonly size: string;
  /** `undefined` when this side was not measured. */
  readonly before?: Figure;
  readonly after?: Figure;
}

export interface Results {
  readonly rows: readonly Compared[];
}

const HEAD = [
  "| | size | before: duration | CPU | longest turn | its CPU | after: duration | CPU | longest turn | its CPU |",
  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
];

const INTRODUCTION = `# Before and after, by size

\`npm run scale -w bench -- --before PATH\` runs the same benches with the packages of an older checkout (before) and
of this one (after), in turn, and writes this page. Durations and longest turns are in milliseconds of time that passed,
so other programs on the machine lengthen them; "its CPU" is the most processor time that the thread spent in one turn
of the event loop, which they do not. \`TMPDIR=/dev/shm\` keeps a busy disk out of the figures. A row without durations has its figure in the first column of its side.`;

const number = (value: number | undefined): string =>
  value === undefined ? "" : value.toFixed(value < 10 ? 1 : 0);

function cellsOf(figure: Figure | undefined): readonly string[] {
  if (figure === undefined) return ["not measured", "", "", ""];
  const { value, ms, cpuMs, stallMs, turnCpuMs } = figure;
  return [value ?? number(ms), number(cpuMs), number(stallMs), number(turnCpuMs)];
}

const spaced = (size: string): string => size.replace(/\B(?=(?:\d{3})+$)/gu, " ");

export function tableOf({ rows }: Results): string {
  const sections = CASES.flatMap(({ title }) => {
    const own = rows.filter((row) => row.title === title);
    if (own.length === 0) return [];
    const lines = own.map(
      ({ work, size, before, after }) =>
        `| ${[work, spaced(size), ...cellsOf(before), ...cellsOf(after)].join(" | ")} |`,
    );
    return ["", `## ${title[0]?.toUpperCase() ?? ""}${title.slice(1)}`, "", ...HEAD, ...lines];
  });
  const machine = `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${new Date().toISOString().slice(0, 10)}. Databases are in ${tmpdir()}.`;
  return [INTRODUCTION, "", machine, ...sections, ""].join("\n");
}
