import { describe, expect, it } from "vitest";
import { quoted } from "./quoted.ts";

describe("a text from elsewhere in an error", () => {
  it.each([
    ["stock", '"stock"'],
    ["", '""'],
    ["x".repeat(64), `"${"x".repeat(64)}"`],
    ["x".repeat(65), `"${"x".repeat(64)}…"`],
    ["x".repeat(1e6), `"${"x".repeat(64)}…"`],
  ])("is quoted up to a bound", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it("stays on its line and within its quotes", () => {
    expect(quoted('a"\nb\u0000')).toBe('"a\\"\\nb\\u0000"');
  });
});
