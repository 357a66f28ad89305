import fc from "fast-check";
import { expect, it } from "vitest";
import { printable, printableJson } from "./printable.ts";

it.each([
  ["\u001b[2Jgone", "�[2Jgone"],
  ["\u001b]0;title\u0007", "�]0;title�"],
  ["\u009b2J", "�2J"],
  ["back\bspace\rreturn", "back�space�return"],
  ["name\u202egpj.exe", "name�gpj.exe"],
  ["one\u2028two", "one�two"],
  ["\u001b[31mred\u001b[39m\n\tand plain ✓ é 漢", "\u001b[31mred\u001b[39m\n\tand plain ✓ é 漢"],
])("shows %j as %j", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

it("writes JSON that parses to the same value, for any strings", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const json = printableJson({ value, text });
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(printable(json)).toBe(json);
    }),
  );
});
