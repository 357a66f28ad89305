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

  it.each([
    ["a line break", "a\nb", '"a�b"'],
    ["a zero byte", "a\0b", '"a�b"'],
    ["DEL", "a\x7Fb", '"a�b"'],
    ["a C1 control character", "a\x9Bb", '"a�b"'],
    ["a right-to-left override", "a\u202Eb", '"a�b"'],
    ["a zero-width space", "a\u200Bb", '"a�b"'],
    ["a line separator", "a\u2028b", '"a�b"'],
    ["half a character", `${"x".repeat(63)}😀`, `"${"x".repeat(63)}�…"`],
  ])("replaces %s", (_, text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it("escapes quotes, and keeps letters of all languages", () => {
    expect(quoted('a"\\ größe 大小')).toBe('"a\\"\\\\ größe 大小"');
  });
});
