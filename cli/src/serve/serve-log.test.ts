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

it("logs a lasting failure once a minute, and a different one at once", () => {
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
  ["the class of an error without a code", new TypeError("canary"), "TypeError"],
  ["the code of a database error", Object.assign(new Error("canary"), { code: "28P01" }), "28P01"],
  ["the code of a cause", new Error("canary", { cause: withCode("ECONNREFUSED") }), "ECONNREFUSED"],
  [
    "no code that is free text",
    Object.assign(new Error("canary"), { code: "the canary" }),
    "Error",
  ],
  ["no part of a value that is not an error", "canary", "unknown failure"],
  [
    "Breezeway's own message and the code of its cause",
    new BridgeError("STORE_UNAVAILABLE", "It is away.", { cause: withCode("ECONNRESET") }),
    "It is away. (ECONNRESET)",
  ],
])("logs as the reason %s", (_case, error, why) => {
  log.failure("issuer", error);
  expect(lines).toMatchObject([{ why }]);
});

function withCode(code: string): Error {
  return Object.assign(new Error("canary"), { code });
}
