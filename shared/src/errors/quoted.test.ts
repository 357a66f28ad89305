import { describe, expect, it } from "vitest";
import { quoted } from "./quoted.ts";

describe("quoted", () => {
  it.each([
    ["stock", '"stock"'],
    ["", '""'],
    ["x".repeat(64), `"${"x".repeat(64)}"`],
    ["x".repeat(65), `"${"x".repeat(64)}…"`],
    ["x".repeat(1e6), `"${"x".repeat(64)}…"`],
  ])("quotes at most 64 characters", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it("escapes line breaks, control characters and quotes", () => {
    expect(quoted('a"\nb\u0000')).toBe('"a\\"\\nb\\u0000"');
  });
});
