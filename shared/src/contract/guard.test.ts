import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { defineContract } from "./contract.ts";
import { checkArgs, checkPayload, checkResult, createContractGuard } from "./guard.ts";

const contract = defineContract({
  methods: {
    open: { args: z.tuple([z.string()]), capability: "customers:open" },
    add: { args: v.tuple([v.number(), v.number()]), returns: v.number() },
    plain: {},
  },
  events: {
    "customer:changed": { payload: z.object({ id: z.string() }), capability: "customers:read" },
    "order:verified": v.object({ orderId: v.number() }),
  },
  guestMethods: { refresh: { capability: "guests:any" } },
});

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe.each([
  ["a name that is not in it", "other"],
  ["a name from the prototype", "constructor"],
  ["a name that would set the prototype", "__proto__"],
  ["a name of the object itself", "hasOwnProperty"],
])("a contract refuses the inherited name %s", (_what, name) => {
  it("as a method of either side and as a topic", async () => {
    const guard = createContractGuard(contract, () => true);
    expect(await codeOf(() => guard.method(name, "methods"))).toBe("CALL_METHOD_UNKNOWN");
    expect(await codeOf(() => guard.method(name, "guestMethods"))).toBe("CALL_METHOD_UNKNOWN");
    expect(await codeOf(() => guard.topic(name))).toBe("EVENT_TOPIC_INVALID");
  });
});

describe("a missing capability", () => {
  const guard = createContractGuard(contract, (capability) => capability === "customers:open");

  it("is named in the error", () => {
    expect(() => guard.topic("customer:changed")).toThrow(/customers:read/);
    expect(guard.method("open", "methods")).toBe(contract.methods.open);
    const none = createContractGuard(contract, () => false);
    expect(() => none.method("open", "methods")).toThrow(/customers:open/);
    expect(none.method("plain", "methods")).toBe(contract.methods.plain);
  });

  it("is not required of the host, which calls the guest's methods", () => {
    expect(guard.method("refresh", "guestMethods")).toBe(contract.guestMethods.refresh);
  });
});

describe("values", () => {
  const guard = createContractGuard(contract, () => true);
  const args = (name: string, ...values: unknown[]) =>
    checkArgs(name, guard.method(name, "methods"), values);

  it.each([
    ["open", ["c1"]],
    ["add", [1, 2]],
    ["plain", []],
  ])("that match pass synchronously: %s", (name, values) => {
    expect(args(name, ...values)).toEqual(values);
  });

  it.each([
    ["open", []],
    ["open", [1]],
    ["open", ["c1", "more"]],
    ["add", ["1", 2]],
    ["plain", ["surprise"]],
  ])("that do not match are refused without being quoted: %s", async (name, values) => {
    expect(await codeOf(() => args(name, ...values))).toBe("CALL_ARGUMENTS_INVALID");
  });

  it("that do not match are located by the path of the first mismatch", () => {
    expect(() => args("add", 1, "canary")).toThrow(/"add" did not match the contract at \[1\]\.$/);
    expect(() => args("add", 1, "canary")).not.toThrow(/canary/);
    // valibot's own message quotes the value.
    const definition = { args: v.tuple([v.number()]) };
    expect(() => checkArgs("add", definition, ["canary"])).toThrow(/ at \[0\]\.$/);
  });

  it("that do not match repeat at most 64 characters of a peer's name", () => {
    const definition = { args: z.tuple([z.record(z.string(), z.number())]) };
    const long = "x".repeat(1e6);
    expect(() => checkArgs("add", definition, [{ [long]: "no" }])).toThrow(
      /^The arguments of "add" did not match the contract at \[0\]\.x{64}…\.$/,
    );
    expect(() => guard.method(long, "methods")).toThrow(/"x{64}…"\.$/);
    expect(() => guard.topic(long)).toThrow(/"x{64}…" is not a valid name/);
  });

  it("of results and payloads are checked the same way", async () => {
    expect(await codeOf(() => checkResult("add", guard.method("add", "methods"), "3"))).toBe(
      "CALL_RESULT_INVALID",
    );
    const topic = "order:verified";
    expect(await codeOf(() => checkPayload(topic, guard.topic(topic), {}))).toBe(
      "EVENT_PAYLOAD_INVALID",
    );
    expect(checkPayload(topic, guard.topic(topic), { orderId: 7 })).toEqual({ orderId: 7 });
  });

  it("of asynchronous schemas are awaited", async () => {
    const definition = {
      args: v.pipeAsync(
        v.tuple([v.string()]),
        v.checkAsync(([name]) => Promise.resolve(name !== "taken")),
      ),
    };
    expect(await checkArgs("x", definition, ["free"])).toEqual(["free"]);
    expect(await codeOf(() => checkArgs("x", definition, ["taken"]))).toBe(
      "CALL_ARGUMENTS_INVALID",
    );
  });
});
