/** The report of a soak in Markdown. */
import { availableParallelism, cpus, release, totalmem } from "node:os";
import process from "node:process";
import { slopeOf } from "./slope.ts";
import type { SoakResult } from "./soak-run.ts";

export interface SoakReport {
  readonly text: string;
  /** What grows, or does not hold. */
  readonly faults: readonly string[];
}

export interface ReportOptions {
  readonly title: string;
  readonly command: string;
  readonly minutes: number;
}

export function reportOf(
  result: SoakResult,
  { title, command, minutes }: ReportOptions,
): SoakReport {
  const { series, violations, answers } = result;
  const rows = [...series].map(([name, points]) => ({ name, points, slope: slopeOf(points) }));
  const growing = rows.filter(({ slope }) => slope.isGrowing).map(({ name }) => `${name} grows`);
  const lines = rows.map(({ name, points, slope }) => {
    const first = points[0]?.value ?? 0;
    const cells = [first, slope.mean, points.at(-1)?.value ?? 0, slope.perHour, slope.noisePerHour];
    const verdict = slope.isGrowing ? "**grows**" : "within noise";
    return `| ${name} | ${cells.map((value) => value.toFixed(1)).join(" | ")} | ${verdict} |`;
  });
  const counts = [...answers].sort(([, a], [, b]) => b - a);
  const faults = [...violations, ...growing];
  const text = [
    `# ${title}`,
    "",
    `\`${command}\`, ${minutes} minutes, Node ${process.versions.node}, Linux ${release()}, ${availableParallelism()} cores`,
    `(${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB. Answers: ${counts.map(([name, count]) => `${count} × ${name}`).join(", ")}.`,
    "",
    "Heap is measured after a collection. Mean and slope leave out the first 30 % of the samples. The noise is the standard error of the",
    "slope; a figure grows when its slope exceeds four of them, and the growth a twentieth of the mean.",
    "",
    "| figure | first | mean | last | slope per hour | noise | |",
    "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ...lines,
    "",
    faults.length === 0 ? "Nothing grows, and everything held." : "What does not hold:",
    ...faults.map((fault) => `- ${fault}`),
    "",
  ].join("\n");
  return { text, faults };
}
