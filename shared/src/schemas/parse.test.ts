import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { parseJsonWith, parseWith } from "./parse.ts";

const context = { code: "CONFIG_INVALID", source: "gateway.json" } as const;
const scopes = z.array(z.string());
const schema = z.object({
  scopes: z.optional(
    z.union([
      scopes,
      z.record(z.string().check(z.regex(/^[A-Z]+$/, "must be a method in capitals")), scopes),
    ]),
  ),
  audit: z.optional(z.union([z.literal("stdout"), z.strictObject({ file: z.string() })])),
});

describe("parseWith, given a value that fits no form of a union", () => {
  it.each([
    [{ scopes: "orders:read" }, "scopes: must be of type array or of type object."],
    [{ audit: "file" }, 'audit: must be "stdout" or of type object.'],
  ])("names the forms: %j", (value, message) => {
    expect(() => parseWith(schema, value, context)).toThrow(`gateway.json: ${message}`);
  });

  it.each([
    [{ scopes: ["a", 5] }, "scopes[1]: must be of type string."],
    [{ scopes: { get: ["a"] } }, "scopes.get: must be a method in capitals."],
    [{ scopes: { GET: "a" } }, "scopes.GET: must be of type array."],
    [{ audit: { fil: "x" } }, 'audit.file: is required; audit: unknown field "fil".'],
  ])("says what is wrong with the form that was meant: %j", (value, message) => {
    expect(() => parseWith(schema, value, context)).toThrow(`gateway.json: ${message}`);
  });
});

describe("parseJsonWith, given text that is not JSON", () => {
  it("says where, and quotes nothing of the text", () => {
    const text = '{\n  "token": "canary",,\n}';
    expect(() => parseJsonWith(schema, text, context)).toThrow(
      /^gateway\.json: this is not valid JSON \(line 2 column 21\)\.$/,
    );
  });
});
