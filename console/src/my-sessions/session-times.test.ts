import { expect, it } from "vitest";
import { agoOf, dateOf } from "./session-times.ts";

const NOW = 1_790_000_000;

it.each([
  [0, "en", undefined],
  [-500, "en", undefined],
  [3_599, "en", undefined],
  [3_600, "en", "1 hour ago"],
  [86_399, "en", "23 hours ago"],
  [86_400, "en", "yesterday"],
  [3 * 86_400, "de", "vor 3 Tagen"],
])("says of %s seconds ago in %s: %s", (age, locale, text) => {
  expect(agoOf(NOW - age, { nowSeconds: NOW, locale })).toBe(text);
});

it("has dates in the language, and takes a malformed tag as the browser's", () => {
  expect(dateOf(NOW, "de")).toMatch(/^\d{2}\.09\.2026$/);
  expect(dateOf(NOW, "not a tag")).toContain("2026");
});
