import fc from "fast-check";
import { expect, it } from "vitest";
import { assertJson } from "./assert-json.ts";

function faultOf(text: string): string | undefined {
  try {
    assertJson(text, "a.json");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "not an error";
  }
}

it.each([
  ["", 1, 1],
  ["{", 1, 2],
  ['{\n  "a": 1,\n}', 3, 1],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
  ['{\n  "a": canary\n}', 2, 8],
  ["{ 'a': 1 }", 1, 3],
  ['{ "a" 1 }', 1, 7],
  ["[1, 2", 1, 6],
  ["[1,]", 1, 4],
  ["[1] // no", 1, 5],
  ["[01]", 1, 2],
  ["[truely]", 1, 2],
  ['["a\nb"]', 1, 2],
  ['["\\x"]', 1, 2],
  ["[1}", 1, 3],
  ["}", 1, 1],
  ['{"a":}', 1, 6],
  ["1,", 1, 2],
  ["\ufeff{}", 1, 1],
])(
  "names the position of the error in %j, line %i column %i, and quotes nothing",
  (text, line, column) => {
    expect(faultOf(text)).toBe(`a.json: this is not valid JSON (line ${line} column ${column}).`);
  },
);

it("accepts JSON, and names a position in any other text", () => {
  const text = fc.oneof(
    fc.json(),
    fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", "{", "}", "[", "]", ",", ":", '"', "\\", "0"))
      .map(([json, at, sign]) => {
        const index = at % (json.length + 1);
        return json.slice(0, index) + sign + json.slice(index + 1);
      }),
  );
  fc.assert(
    fc.property(text, (each) => {
      // This name has a fault of its own.
      fc.pre(!each.includes("__proto__"));
      let isJson = true;
      try {
        JSON.parse(each);
      } catch {
        isJson = false;
      }
      const fault = faultOf(each);
      if (isJson) expect(fault).toBeUndefined();
      else expect(fault).toMatch(/^a\.json: this is not valid JSON \(line \d+ column \d+\)\.$/);
    }),
  );
});

it("does not overflow the stack on a million opening brackets", () => {
  const message = "a.json: nests more than 1000 levels deep (line 1 column 1001).";
  expect(faultOf("[".repeat(1_000_000))).toBe(message);
});

it("names the start of a long unterminated string", () => {
  expect(faultOf(`"${"a".repeat(1_000_000)}`)).toContain("(line 1 column 1)");
  expect(faultOf(`"${"\\n".repeat(500_000)}`)).toContain("(line 1 column 1)");
});
