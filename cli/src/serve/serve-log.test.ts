import { BridgeError } from "@breezeway/shared";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createServeLog, type ServeLog } from "./serve-log.ts";

let lines: { readonly why?: string }[];
let log: ServeLog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  lines = [];
  log = createServeLog((line) => lines.push(JSON.parse(line) as object));
});

afterEach(() => {
  vi.useRealTimers();
});

it("says a failure that lasts once a minute, and another one at once", () => {
  const away = new BridgeError("STORE_UNAVAILABLE", "The session store cannot be reached.");
  log.failure("issuer", away);
  log.failure("issuer", away);
  log.failure("gateway", away);
  log.failure("issuer", new BridgeError("KEYS_UNAVAILABLE", "There is no key."));
  expect(lines).toHaveLength(3);
  vi.advanceTimersByTime(60_000);
  log.failure("issuer", away);
  expect(lines).toHaveLength(4);
});

it.each([
  ["a class for what has no code", new TypeError("canary"), "TypeError"],
  ["a code of a database", Object.assign(new Error("canary"), { code: "28P01" }), "28P01"],
  ["the code of a cause", new Error("canary", { cause: withCode("ECONNREFUSED") }), "ECONNREFUSED"],
  ["no code that is a text", Object.assign(new Error("canary"), { code: "the canary" }), "Error"],
  ["nothing of a value that is not an error", "canary", "unknown failure"],
  [
    "our own words, and the code of what is behind",
    new BridgeError("STORE_UNAVAILABLE", "It is away.", { cause: withCode("ECONNRESET") }),
    "It is away. (ECONNRESET)",
  ],
])("gives as reason %s", (_case, error, why) => {
  log.failure("issuer", error);
  expect(lines).toMatchObject([{ why }]);
});

function withCode(code: string): Error {
  return Object.assign(new Error("canary"), { code });
}
