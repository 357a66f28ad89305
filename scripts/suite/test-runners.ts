/** Runs vitest and Playwright as jobs that count each test, from their JSON reports. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import * as z from "zod/mini";
import { run } from "../setup/process.mjs";
import type { Job, JobResult, LeftOut } from "./jobs.ts";
import { ROOT } from "./root.ts";

const REPORTS = join(ROOT, ".cache/reports");
const SKIPPED = "skipped by the test itself";

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
  suites: z.array(z.unknown()),
});

const playwrightSuite = z.object({
  suites: z.optional(z.array(z.unknown())),
  specs: z.optional(
    z.array(z.object({ title: z.string(), tests: z.array(z.object({ status: z.string() })) })),
  ),
});

export interface TestJobOptions {
  /** Arguments for the runner. */
  readonly args?: readonly string[];
  /** The number of cores that it keeps busy. Default: all. */
  readonly cores?: number;
  /** The number of test files that run at once. Default: one on each of its cores. */
  readonly workers?: number;
}

/** The unit and integration tests. */
export function vitestJob({
  args = [],
  cores = availableParallelism(),
  workers = cores,
}: TestJobOptions = {}): Job {
  const report = join(REPORTS, "vitest.json");
  return {
    name: "unit and integration tests",
    cores,
    async run() {
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
      const own = ["run", `--maxWorkers=${workers}`, ...reporters];
      await prepare(report);
      const { code, output } = await run("vitest", [...own, ...args], { cwd: ROOT });
      const text = await readFile(report, "utf8").catch(() => undefined);
      return settle(code, output, text === undefined ? undefined : countVitest(text));
    },
  };
}

/** The browser tests. */
export function playwrightJob({
  args = [],
  cores = availableParallelism(),
  workers = cores,
}: TestJobOptions = {}): Job {
  const report = join(REPORTS, "playwright.json");
  return {
    name: "browser tests",
    cores,
    async run() {
      const own = ["test", `--workers=${workers}`, "--reporter=line,json"];
      await prepare(report);
      const { code, output } = await run("playwright", [...own, ...args], {
        cwd: ROOT,
        env: {
          ...process.env,
          PLAYWRIGHT_JSON_OUTPUT_FILE: report,
          NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --conditions=@breezeway/source`,
        },
      });
      const text = await readFile(report, "utf8").catch(() => undefined);
      return settle(code, output, text === undefined ? undefined : countPlaywright(text));
    },
  };
}

type Counts = Omit<JobResult, "output">;

/** Counts the tests of a vitest JSON report. A file that does not load is one failure. */
export function countVitest(text: string): Counts {
  const files = z.parse(vitestReport, JSON.parse(text)).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const broken = files.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  );
  return {
    passed: tests.filter((test) => test.status === "passed").length,
    failed: tests.filter((test) => test.status === "failed").length + broken.length,
    leftOut: tests
      .filter((test) => !["passed", "failed"].includes(test.status))
      .map((test) => ({ name: test.fullName, why: SKIPPED })),
  };
}

/**
 * Counts the tests of a Playwright JSON report. A test that passed only when repeated has failed.
 */
export function countPlaywright(text: string): Counts {
  const { stats, suites } = z.parse(playwrightReport, JSON.parse(text));
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    leftOut: suites.flatMap(skippedSpecs),
  };
}

function skippedSpecs(value: unknown): LeftOut[] {
  const { suites = [], specs = [] } = z.parse(playwrightSuite, value);
  const skipped = specs.filter((spec) => spec.tests.some((test) => test.status === "skipped"));
  return [
    ...skipped.map((spec) => ({ name: spec.title, why: SKIPPED })),
    ...suites.flatMap(skippedSpecs),
  ];
}

async function prepare(report: string): Promise<void> {
  await mkdir(dirname(report), { recursive: true });
  await rm(report, { force: true });
}

/** A failure of the runner itself (an unhandled rejection, no test found) counts as one more. */
function settle(code: number, text: string, counts: Counts | undefined): JobResult {
  const failures = text.split("\n").filter((line) => !/^\s*✓/u.test(line));
  const output = `${failures.join("\n").trim()}\nexit code ${code}`;
  if (!counts) return { passed: 0, failed: 1, output };
  const failed = counts.failed === 0 && code !== 0 ? 1 : counts.failed;
  return { ...counts, failed, output };
}
