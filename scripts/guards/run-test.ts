/** Runs one test of a copy of the sources, with vitest or with Playwright. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { run } from "../setup/process.mjs";
import { judge, readPlaywright, readVitest, type TestOutcome } from "./outcome.ts";

const RUN_TIMEOUT_MS = 300_000;
/** The JSON report has no unhandled errors. */
const VITEST_REPORTERS = ["--reporter=default", "--reporter=json"] as const;
/** For the runner to start and to report, beyond the time of the test. */
const RUNNER_MS = 40_000;

export interface RunTestOptions {
  /** The time limit of the test in vitest. Default: the one of the configuration. */
  readonly timeoutMs?: number | undefined;
  /** Part of the message of a failure that counts as an assertion. */
  readonly expected?: string | undefined;
}

/** Runs the tests of one file that have one of these titles; all of its tests for an empty title. */
export async function runTests(
  folder: string,
  { file, titles }: { readonly file: string; readonly titles: readonly string[] },
  { timeoutMs, expected }: RunTestOptions = {},
): Promise<TestOutcome> {
  const isBrowserTest = file.endsWith(".spec.ts");
  const report = join(folder, ".cache-report.json");
  await rm(report, { force: true });
  const [tool, ...args] = isBrowserTest
    ? ["playwright", "test", file, "--reporter=json", "--workers=1"]
    : ["vitest", "run", file, ...VITEST_REPORTERS, `--outputFile.json=${report}`];
  const filter = isBrowserTest ? "--grep" : "--testNamePattern";
  const only = titles.includes("") ? [] : [filter, titles.map(pattern).join("|")];
  const timeouts = isBrowserTest || !timeoutMs ? [] : [`--testTimeout=${timeoutMs}`];
  const { code, output, timedOut } = await run(
    join(folder, "node_modules/.bin", tool ?? ""),
    [...args, ...timeouts, ...only],
    {
      cwd: folder,
      timeoutMs: timeoutMs === undefined ? RUN_TIMEOUT_MS : timeoutMs + RUNNER_MS,
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    },
  );
  // A test that never yields to the event loop cannot be timed out by its runner.
  if (timedOut) {
    return {
      outcome: timeoutMs === undefined ? "error" : "timeout",
      detail: "The run did not end.",
    };
  }
  const text = await readFile(report, "utf8").catch(() => undefined);
  if (text === undefined) return { outcome: "error", detail: output };
  const read = isBrowserTest ? readPlaywright : readVitest;
  return judge(read(text), { exitCode: code, output, expected });
}

/** Matches every case of a parametrised title. */
export function pattern(title: string): string {
  return title
    .split(/%[a-z]|\$\{[^}]*\}|\$\w+/u)
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&"))
    .join(".*");
}
