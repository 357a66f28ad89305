import { expect, test } from "vitest";
import type { FinishedJob } from "./jobs.ts";
import { summarise } from "./report.ts";

const lint: FinishedJob = { name: "lint", passed: 1, failed: 0, output: "", seconds: 1 };
const tests: FinishedJob = { name: "tests", passed: 7, failed: 0, output: "", seconds: 2 };

test("ends with the sums in a form that a program can read", () => {
  const { closing, failed } = summarise([lint, { ...tests, failed: 2 }], { strict: false });
  expect(closing).toBe("8 passed, 2 failed");
  expect(failed).toBe(2);
});

test("names the tests that did not run, and fails for them only when strict", () => {
  const leftOut = [{ name: "nginx (the proxy recipe)", why: "not root" }];
  const skipping = { ...tests, leftOut: [{ name: "a test", why: "skipped" }] };
  const relaxed = summarise([skipping], { strict: false, leftOut });
  expect(relaxed.lines.join("\n")).toContain("nginx (the proxy recipe): not root");
  expect(relaxed.lines.join("\n")).toContain("a test: skipped");
  expect(relaxed.closing).toBe("7 passed, 0 failed");
  expect(summarise([skipping], { strict: true, leftOut }).closing).toBe("7 passed, 2 failed");
});

test("names the jobs that failed", () => {
  const { lines } = summarise([lint, { ...tests, failed: 1 }], { strict: true });
  expect(lines).toContain("Failed: tests");
});
