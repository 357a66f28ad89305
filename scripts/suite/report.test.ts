import process from "node:process";
import { expect, test, vi } from "vitest";
import type { FinishedJob } from "./jobs.ts";
import { runSuite, summarise } from "./report.ts";

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

test("prints when each job starts and ends", async () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const run = () => Promise.resolve({ passed: 1, failed: 0, output: "" });
  expect(await runSuite([{ name: "lint", run }], { strict: false })).toBe(0);
  const printed = write.mock.calls.map(([text]) => String(text)).join("");
  expect(printed).toMatch(
    /^▸ lint \(starts at \d+\.\d s\)\n✓ lint \(\d+\.\d s; ends at \d+\.\d s\)\n/mu,
  );
});
