import { describe, expect, it } from "vitest";
import * as v from "valibot";
import * as z from "zod/mini";
import { defineContract } from "./contract.ts";
import { validate } from "./validate.ts";

describe("defineContract", () => {
  it("returns the contract unchanged", () => {
    const contract = { methods: { ping: {} }, events: { "order:verified": z.string() } };
    expect(defineContract(contract)).toBe(contract);
  });

  it.each([
    [{ methods: { "a b": {} } }, '"a b": is not a valid method name'],
    [{ guestMethods: { "": {} } }, '"": is not a valid method name'],
    [{ events: { "order changed": z.string() } }, '"order changed": is not a valid topic'],
    [{ events: { "1st": z.string() } }, '"1st": is not a valid topic'],
    [{ methods: { ping: { capability: "everything" } } }, '"ping": capability: must'],
    [{ events: { "a:b": { payload: z.string(), capability: "*" } } }, '"a:b": capability: must'],
  ])("names the malformed entry of %j", (contract, message) => {
    expect(() => defineContract(contract)).toThrow(message);
  });
});

describe("validate", () => {
  const failure = { code: "CALL_ARGUMENTS_INVALID", subject: 'The arguments of "move"' } as const;

  it.each([
    ["zod", z.tuple([z.object({ to: z.string() })])],
    ["valibot", v.tuple([v.object({ to: v.string() })])],
  ])("names the path without the value with %s", async (_library, schema) => {
    await expect(validate(schema, [{ to: "shelf" }], failure)).resolves.toEqual([{ to: "shelf" }]);
    const rejected = validate(schema, [{ to: 7 }], failure);
    await expect(rejected).rejects.toMatchObject({
      code: "CALL_ARGUMENTS_INVALID",
      details: { path: "[0].to" },
    });
    await expect(rejected).rejects.toThrow(
      'The arguments of "move" did not match the contract at [0].to.',
    );
  });
});
