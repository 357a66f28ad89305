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

describe("parseWith, given a value that matches no form of a union", () => {
  it.each([
    [{ scopes: "orders:read" }, "scopes: must be of type array or of type object."],
    [{ audit: "file" }, 'audit: must be "stdout" or of type object.'],
  ])("names the allowed forms: %j", (value, message) => {
    expect(() => parseWith(schema, value, context)).toThrow(`gateway.json: ${message}`);
  });

  it.each([
    [{ scopes: ["a", 5] }, "scopes[1]: must be of type string."],
    [{ scopes: { get: ["a"] } }, "scopes.get: must be a method in capitals."],
    [{ scopes: { GET: "a" } }, "scopes.GET: must be of type array."],
    [{ audit: { fil: "x" } }, 'audit.file: is required; audit: unknown field "fil".'],
  ])("describes the fault in the form that was meant: %j", (value, message) => {
    expect(() => parseWith(schema, value, context)).toThrow(`gateway.json: ${message}`);
  });
});

describe("parseJsonWith, given two members of one name", () => {
  it.each([
    '{"scopes":[],"scopes":["a"]}',
    '{"audit":{"file":"a","fil\\u0065":"b"}}',
    '{"scopes":{"GET":[],"GET":[]}}',
  ])("refuses %s", (text) => {
    expect(() => parseJsonWith(schema, text, context)).toThrow(
      "gateway.json: an object has two members of one name.",
    );
  });

  it.each(['{"scopes":["a:b","a:b"]}', '{"audit":{"file":"audit: \\"file\\":"}}'])(
    "accepts %s, in which no object has one",
    (text) => expect(() => parseJsonWith(schema, text, context)).not.toThrow(),
  );
});

describe("parseWith, given a value with thousands of faults", () => {
  it("lists the first 20 faults and cuts long names", () => {
    const long = "x".repeat(1e6);
    const many = Object.fromEntries(Array.from({ length: 1e4 }, (_, index) => [`k${index}`, 1]));
    for (const value of [
      { audit: { file: "x", ...many } },
      { audit: { file: "x", [long]: 1 } },
      { scopes: { GET: Array.from({ length: 1e4 }, () => 1) } },
      { scopes: { [long]: [] } },
    ]) {
      expect(() => parseWith(schema, value, context)).toThrow(/^gateway\.json: .{20,1200}\.$/s);
    }
    expect(() =>
      parseWith(schema, { scopes: Array.from({ length: 30 }, () => 1) }, context),
    ).toThrow("scopes[19]: must be of type string; and 10 more.");
  });
});

describe("parseJsonWith, given text that is not JSON", () => {
  it("names line and column, and quotes nothing", () => {
    const text = '{\n  "token": "canary",,\n}';
    expect(() => parseJsonWith(schema, text, context)).toThrow(
      /^gateway\.json: this is not valid JSON \(line 2 column 21\)\.$/,
    );
  });
});
