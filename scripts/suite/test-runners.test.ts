import { expect, test } from "vitest";
import { countPlaywright, countVitest } from "./test-runners.ts";

test("counts vitest's tests by status and names the skipped ones", () => {
  const assertionResults = [
    { fullName: "a", status: "passed" },
    { fullName: "b", status: "failed" },
    { fullName: "c", status: "skipped" },
    { fullName: "d", status: "todo" },
  ];
  const report = { testResults: [{ name: "x.test.ts", status: "failed", assertionResults }] };
  expect(countVitest(JSON.stringify(report))).toMatchObject({
    passed: 1,
    failed: 1,
    leftOut: [{ name: "c" }, { name: "d" }],
  });
});

test("counts a file that does not load as failed", () => {
  const report = { testResults: [{ name: "x.test.ts", status: "failed", assertionResults: [] }] };
  expect(countVitest(JSON.stringify(report))).toMatchObject({ passed: 0, failed: 1 });
});

test("counts Playwright's tests, and one that passed only when repeated as failed", () => {
  const skipped = { title: "c", tests: [{ status: "skipped" }] };
  const report = {
    stats: { expected: 5, unexpected: 1, flaky: 1 },
    suites: [{ specs: [], suites: [{ specs: [skipped] }] }],
  };
  expect(countPlaywright(JSON.stringify(report))).toMatchObject({
    passed: 5,
    failed: 2,
    leftOut: [{ name: "c" }],
  });
});
