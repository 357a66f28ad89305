import { afterEach, expect, test, vi } from "vitest";
import { startProgress } from "./progress.ts";

afterEach(() => void vi.useRealTimers());

test("writes a line each half minute, and each violation once, until the soak ends", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const answers = new Map([["200", 3]]);
  const violations: string[] = [];
  const lines: string[] = [];
  const progress = startProgress(600_000, { answers, violations }, (line) => lines.push(line));
  vi.advanceTimersByTime(59_000);
  answers.set("401", 2);
  violations.push("a guest got an expired token");
  vi.advanceTimersByTime(31_000);
  progress[Symbol.dispose]();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([
    "0.5 of 10.0 minutes: 3 answers, violations: 0\n",
    "1.0 of 10.0 minutes: 5 answers, violations: 1\n",
    "  a guest got an expired token\n",
    "1.5 of 10.0 minutes: 5 answers, violations: 1\n",
  ]);
});
