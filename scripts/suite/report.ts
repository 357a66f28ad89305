/** Prints a line per job, the output of failed jobs, and the last line with the sums. */
import process from "node:process";
import { runJobs, type FinishedJob, type Job, type LeftOut } from "./jobs.ts";

const ALIVE_EVERY_MS = 20_000;

export interface SuiteOptions {
  /**
   * The parts that are known to be missing before the first job, for example a program that could
   * not be installed.
   */
  readonly leftOut?: readonly LeftOut[];
  /** Whether a skipped test is a failure. True in CI. */
  readonly strict: boolean;
}

/** Runs the jobs with a report on standard output. Resolves to the exit code. */
export async function runSuite(jobs: readonly Job[], options: SuiteOptions): Promise<number> {
  const running = new Set<string>();
  const started = performance.now();
  const alive = setInterval(() => {
    const seconds = Math.round(secondsSince(started));
    if (running.size > 0) print(`  … ${seconds} s: ${[...running].join(", ")}`);
  }, ALIVE_EVERY_MS);
  const finished = await runJobs(jobs, {
    onStart: (name) => {
      running.add(name);
      print(`▸ ${name} (starts at ${secondsSince(started).toFixed(1)} s)`);
    },
    onEnd: (job) => {
      running.delete(job.name);
      print(lineOf(job, secondsSince(started)));
      if (job.failed > 0) print(`${indent(job.output.trim())}\n`);
    },
  }).finally(() => clearInterval(alive));
  const summary = summarise(finished, options);
  const seconds = Math.round(secondsSince(started));
  print([...summary.lines, "", `${seconds} s`, summary.closing].join("\n"));
  return summary.failed === 0 ? 0 : 1;
}

export interface Summary {
  readonly lines: readonly string[];
  /** `N passed, N failed`, alone on the last line. */
  readonly closing: string;
  readonly failed: number;
}

export function summarise(finished: readonly FinishedJob[], options: SuiteOptions): Summary {
  const leftOut = [...(options.leftOut ?? []), ...finished.flatMap((job) => job.leftOut ?? [])];
  const failedJobs = finished.filter((job) => job.failed > 0);
  const passed = sum(finished.map((job) => job.passed));
  const failed = sum(finished.map((job) => job.failed)) + (options.strict ? leftOut.length : 0);
  const lines: string[] = [];
  if (leftOut.length > 0) {
    lines.push("", options.strict ? "Skipped, which counts as failed in CI:" : "Did not run:");
    lines.push(...leftOut.map(({ name, why }) => `  ${name}: ${why}`));
  }
  if (failedJobs.length > 0)
    lines.push("", `Failed: ${failedJobs.map((job) => job.name).join(", ")}`);
  return { lines, failed, closing: `${passed} passed, ${failed} failed` };
}

function lineOf(job: FinishedJob, endsAt: number): string {
  const mark = job.failed > 0 ? "✗" : "✓";
  const tests = job.passed + job.failed;
  const counts = tests > 1 ? `, ${job.passed} of ${tests}` : "";
  return `${mark} ${job.name} (${job.seconds.toFixed(1)} s${counts}; ends at ${endsAt.toFixed(1)} s)`;
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1_000;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gmu, "    ");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
