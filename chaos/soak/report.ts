/** The report of a soak in Markdown. */
import { availableParallelism, cpus, release, totalmem } from "node:os";
import process from "node:process";
import { LEAST_MINUTES, slopeOf, type Point, type Slope } from "./slope.ts";
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

const GROWS = "**grows**";
const RISES = "rises by less than a twentieth";

interface Judged {
  readonly cells: readonly string[];
  readonly verdict: string;
}

const cell = (value: number | undefined): string => (value ?? 0).toFixed(1);

function judged(points: readonly Point[], slope: Slope): Judged {
  const { mean, perHour, noisePerHour, isRising, isGrowing } = slope;
  const values = [points[0]?.value, mean, points.at(-1)?.value, perHour, noisePerHour];
  return {
    cells: values.map(cell),
    verdict: isGrowing ? GROWS : isRising ? RISES : "within noise",
  };
}

function unjudged(points: readonly Point[]): Judged {
  const cells = [cell(points[0]?.value), "", cell(points.at(-1)?.value), "", ""];
  return { cells, verdict: "too short to tell" };
}

export function reportOf(
  result: SoakResult,
  { title, command, minutes }: ReportOptions,
): SoakReport {
  const { series, violations, answers } = result;
  const isLong = minutes >= LEAST_MINUTES;
  const growing: string[] = [];
  const lines = [...series].map(([name, points]) => {
    const slope = isLong ? slopeOf(points) : undefined;
    const { cells, verdict } = slope ? judged(points, slope) : unjudged(points);
    if (verdict === GROWS) growing.push(`${name} grows`);
    return `| ${[name, ...cells, verdict].join(" | ")} |`;
  });
  const counts = [...answers].sort(([, a], [, b]) => b - a);
  const faults = [...violations, ...growing];
  const text = [
    `# ${title}`,
    "",
    `\`${command}\`, ${minutes} minutes, Node ${process.versions.node}, Linux ${release()}, ${availableParallelism()} cores`,
    `(${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB. Answers: ${counts.map(([name, count]) => `${count} × ${name}`).join(", ")}.`,
    "",
    "Heap is measured after a collection; that of a page is without compiled code. Mean and slope leave out the first 30 % of the",
    `time, and at least three minutes. The noise is the standard error of the slope; a figure grows when its slope exceeds four of`,
    `them, and the growth a twentieth of the mean; it rises when only its slope does. A run of less than ${LEAST_MINUTES} minutes is too short to tell.`,
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
