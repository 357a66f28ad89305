/** How a test ended, read from the JSON reports of vitest and Playwright. */
import { stripVTControlCharacters } from "node:util";
import * as z from "zod/mini";

/** `error`: the run says nothing about the guard, as when a file does not load. */
export type Outcome = "passed" | "assertion" | "timeout" | "expected" | "error";

export interface TestOutcome {
  readonly outcome: Outcome;
  /** The first failure's message, for the terminal. */
  readonly detail: string;
}

interface RunReport {
  /** One entry for each test that ran, without a message when the test passed. */
  readonly results: readonly (string | undefined)[];
  /** Failures outside tests, such as a file that does not load. */
  readonly problems: readonly string[];
}

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      message: z.optional(z.string()),
      assertionResults: z.array(
        z.object({ status: z.string(), failureMessages: z.optional(z.array(z.string())) }),
      ),
    }),
  ),
});

const errors = z.array(z.object({ message: z.optional(z.string()) }));

const playwrightReport = z.object({ errors, suites: z.array(z.unknown()) });

const playwrightResult = z.object({ status: z.string(), errors });

const playwrightSuite = z.object({
  suites: z.optional(z.array(z.unknown())),
  specs: z.optional(
    z.array(z.object({ tests: z.array(z.object({ results: z.array(playwrightResult) })) })),
  ),
});

export interface RunEnd {
  readonly exitCode: number;
  /** What the runner wrote, which names unhandled errors. */
  readonly output?: string;
  /** Part of the message of a failure that counts as an assertion. */
  readonly expected?: string | undefined;
}

export function readVitest(text: string): RunReport {
  const files = z.parse(vitestReport, JSON.parse(text)).testResults;
  const ran = files
    .flatMap((file) => file.assertionResults)
    .filter(({ status }) => status === "passed" || status === "failed");
  return {
    results: ran.map(({ status, failureMessages = [] }) =>
      status === "failed" ? failureMessages.join("\n") : undefined,
    ),
    problems: files.flatMap(({ message }) => (message ? [message] : [])),
  };
}

export function readPlaywright(text: string): RunReport {
  const report = z.parse(playwrightReport, JSON.parse(text));
  return {
    results: report.suites
      .flatMap(resultsOf)
      .filter(({ status }) => status !== "skipped")
      .map((result) => (result.status === "passed" ? undefined : messagesOf(result.errors))),
    problems: report.errors.map(({ message = "unknown error" }) => message),
  };
}

function resultsOf(value: unknown): z.infer<typeof playwrightResult>[] {
  const { suites = [], specs = [] } = z.parse(playwrightSuite, value);
  return [
    ...specs.flatMap(({ tests }) => tests.flatMap(({ results }) => results)),
    ...suites.flatMap(resultsOf),
  ];
}

function messagesOf(found: z.infer<typeof errors>): string {
  return found.map(({ message = "" }) => message).join("\n");
}

/**
 * One failed assertion is enough: other cases of the same test may pass, or fail in another way.
 *
 */
export function judge(
  { results, problems }: RunReport,
  { exitCode, output = "", expected }: RunEnd,
): TestOutcome {
  const failures = results.filter((message) => message !== undefined);
  const kinds = failures.map((message) => kindOf(message, expected));
  for (const outcome of ["assertion", "expected", "timeout"] as const) {
    const index = kinds.indexOf(outcome);
    if (index >= 0) return { outcome, detail: failures[index] ?? "" };
  }
  if (results.length === 0) {
    return { outcome: "error", detail: ["No test ran.", ...problems].join("\n") };
  }
  const [detail] = [...failures, ...problems];
  if (detail !== undefined) return { outcome: "error", detail };
  if (exitCode === 0) return { outcome: "passed", detail: "" };
  // All tests have passed, and something was thrown outside them.
  return {
    outcome: kindOf(output, expected) === "expected" ? "expected" : "error",
    detail: output,
  };
}

function kindOf(message: string, expected: string | undefined): Outcome {
  const plain = stripVTControlCharacters(message);
  if (expected !== undefined && plain.includes(expected)) return "expected";
  if (/^(?:\w*Error: )?(?:Test timed out in|Test timeout of) \d+ ?ms/mu.test(plain))
    return "timeout";
  // vitest's own matchers throw plain errors; Playwright's name the matcher.
  const isAssertion =
    /^AssertionError\b|^\s+at (?:_Assertion|Proxy)\.|^(?:Error: )?expect(?:\.\w+)?\(/mu.test(plain);
  if (isAssertion) return "assertion";
  return "error";
}
