import { expect, test } from "vitest";
import { judge, readPlaywright, readVitest } from "./outcome.ts";
import { pattern } from "./run-test.ts";

const vitest = (...failures: readonly (string | undefined)[]) =>
  readVitest(
    JSON.stringify({
      testResults: [
        {
          assertionResults: [
            ...failures.map((message) => ({
              status: message === undefined ? "passed" : "failed",
              failureMessages: message === undefined ? [] : [message],
            })),
            { status: "skipped", failureMessages: [] },
          ],
        },
      ],
    }),
  );

const playwright = (status: string, ...messages: readonly string[]) =>
  readPlaywright(
    JSON.stringify({
      errors: [],
      suites: [
        {
          suites: [
            {
              specs: [
                {
                  tests: [
                    { results: [{ status, errors: messages.map((message) => ({ message })) }] },
                  ],
                },
              ],
            },
          ],
        },
      ],
    }),
  );

test.for([
  ["passed", vitest(undefined)],
  ["assertion", vitest(undefined, "AssertionError: expected 1 to be 2")],
  ["assertion", vitest("Error: promise resolved instead of rejecting\n    at _Assertion.get (x)")],
  [
    "timeout",
    vitest("TestTimeoutError: Test timed out in 60000ms.\nIf this is a long-running test"),
  ],
  ["assertion", vitest("Error: expected 1 to be 2\n    at Proxy.__VITEST_POLL_CHAIN__ (x)")],
  ["error", vitest("TypeError: x is not a function")],
  ["error", vitest()],
  ["passed", playwright("passed")],
  ["assertion", playwright("failed", "Error: \u001B[2mexpect(\u001B[22mlocator).toBeVisible()")],
  ["assertion", playwright("failed", "Error: getAppToken\n\nexpect(received).toBe(expected)")],
  ["timeout", playwright("timedOut", "Test timeout of 60000ms exceeded.")],
  ["error", playwright("failed", "ReferenceError: x is not defined")],
] as const)("a run counts as %s", ([outcome, report]) => {
  expect(judge(report, { exitCode: outcome === "passed" ? 0 : 1 }).outcome).toBe(outcome);
});

test("a failure that the removal expects counts, and no other of its kind", () => {
  const report = vitest("Error: the process has ended");
  const judged = (expected: string) => judge(report, { exitCode: 1, expected }).outcome;
  expect(judged("process has ended")).toBe("expected");
  expect(judged("socket hang up")).toBe("error");
});

test("a file that does not load is an error, and so is an unhandled rejection", () => {
  const broken = readVitest(
    JSON.stringify({ testResults: [{ message: "SyntaxError: x", assertionResults: [] }] }),
  );
  expect(judge(broken, { exitCode: 1 })).toMatchObject({ outcome: "error" });
  const crashed = { exitCode: 1, output: "Unhandled Error\nERR_HTTP_HEADERS_SENT" };
  expect(judge(vitest(undefined), crashed)).toMatchObject({ outcome: "error" });
  const judged = judge(vitest(undefined), { ...crashed, expected: "ERR_HTTP_HEADERS_SENT" });
  expect(judged.outcome).toBe("expected");
});

test("a title with placeholders selects each of its cases", () => {
  const selected = new RegExp(pattern("refuses %s (a+b) as $name ${here} [X-1]"), "u");
  expect("refuses a path (a+b) as CODE there [X-1]").toMatch(selected);
  expect("refuses a path (aab) as CODE there [X-1]").not.toMatch(selected);
});
