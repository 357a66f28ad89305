import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BridgeError } from "../errors/bridge-error.ts";
import { parseMessage } from "./frames.ts";
import { parseHello, parseWelcome } from "./handshake.ts";
import { isName, isRight } from "./names.ts";
import { negotiateProtocol } from "./version.ts";

function golden(name: string): Record<string, unknown> {
  const file = new URL(`../../../docs/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

describe("parseMessage", () => {
  it.each(Object.entries(golden("messages")))(
    "takes the golden message %s as it is",
    (_name, message) => {
      expect(parseMessage(message, 16)).toBe(message);
    },
  );

  it.each([
    ["null", null],
    ["a string", "call"],
    ["an object that looks like a list", { length: 1, 0: ["close"] }],
    ["an empty list", []],
    ["a frame that is not a list", [{ 0: "close" }]],
    ["an unknown kind", [["shutdown"]]],
    ["a prototype name as kind", [["__proto__", 1]]],
    ["a kind that is not a string", [[{}, 1]]],
    ["a call without arguments", [["call", 1, "x"]]],
    ["a call with too many elements", [["call", 1, "x", [], "more"]]],
    ["arguments that are not a list", [["call", 1, "x", { length: 0 }]]],
    ["an id that is a string", [["call", "1", "x", []]]],
    ["an id of zero", [["call", 0, "x", []]]],
    ["a negative id", [["result", -1, null]]],
    ["a fractional id", [["abort", 1.5]]],
    ["an id beyond safe integers", [["abort", 2 ** 53]]],
    ["NaN as id", [["abort", Number.NaN]]],
    ["a method name with a space", [["call", 1, "a b", []]]],
    ["a method name that is an object", [["call", 1, { toString: () => "x" }, []]]],
    ["a method name that is too long", [["call", 1, "x".repeat(129), []]]],
    ["a topic that starts with a digit", [["event", "1customer", null]]],
    ["a topic with a space", [["subscribe", "Customer changed"]]],
    ["an error without a code", [["error", 1, { message: "m", correlationId: "c" }]]],
    ["an error that is a list", [["error", 1, ["m"]]]],
    ["an unknown state key", [["state", "admin", true]]],
    ["a prototype name as state key", [["state", "constructor", true]]],
    ["a state without its value", [["state", "context"]]],
    ["a token that is bare, as state", [["state", "token", "eyJ"]]],
    ["half a session, as state", [["state", "session", { userId: "a", handle: "h" }]]],
    ["a theme of another colour, as state", [["state", "theme", { scheme: "sepia" }]]],
    ["an empty locale, as state", [["state", "locale", ""]]],
    ["capabilities that are a string, as state", [["state", "capabilities", "all"]]],
    ["one bad frame among good ones", [["close"], ["call", 1, "x", []], ["nonsense"]]],
  ])("refuses %s", (_case, message) => {
    expect(() => parseMessage(message, 16)).toThrow(
      expect.objectContaining({ code: "FRAME_MALFORMED" }),
    );
  });

  it("refuses more frames than the channel allows", () => {
    const frames = Array.from({ length: 17 }, () => ["close"]);
    expect(() => parseMessage(frames, 16)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
    expect(parseMessage(frames.slice(1), 16)).toHaveLength(16);
  });

  it("returns the frames or throws a BridgeError for any input", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), (value) => {
        try {
          return parseMessage(value, 16) === value;
        } catch (error) {
          return BridgeError.is(error);
        }
      }),
    );
  });

  it("does not repeat the peer's text in its error", () => {
    const attempt = (): unknown => parseMessage([["canary secret <script>"]], 16);
    expect(attempt).toThrow("violated the protocol");
    expect(attempt).not.toThrow(/canary/);
  });
});

describe("the handshake", () => {
  const { hello, welcome, refusal } = golden("handshake");

  it("parses the golden messages", () => {
    expect(parseHello(hello)).toEqual(hello);
    const bound = { ...(hello as object), proofKeyThumbprint: "x".repeat(42) + "A" };
    expect(parseHello(bound)).toEqual(bound);
    expect(parseWelcome(welcome)).toEqual(welcome);
    expect(parseWelcome(refusal)).toEqual(refusal);
  });

  it.each([
    ["nothing", undefined],
    ["an empty object", {}],
    ["a range upside down", { ...(hello as object), protocol: [2, 1] }],
    ["a range of one", { ...(hello as object), protocol: [1] }],
    ["a version that is a string", { ...(hello as object), protocol: ["1", "1"] }],
    ["a malformed key", { ...(hello as object), proofKeyThumbprint: "abc" }],
    ["a key that is not a string", { ...(hello as object), proofKeyThumbprint: 7 }],
    ["a document id without end", { ...(hello as object), documentId: "x".repeat(129) }],
  ])("refuses %s as hello", (_case, value) => {
    expect(() => parseHello(value)).toThrow(expect.objectContaining({ code: "FRAME_MALFORMED" }));
  });

  it.each([
    ["nothing", null],
    ["a refusal without an error", { ok: false }],
    ["protocol 0", { ...(welcome as object), protocol: 0 }],
    ["protocol 99", { ...(welcome as object), protocol: 99 }],
    ["protocol 1.5", { ...(welcome as object), protocol: 1.5 }],
    ["a protocol that is a string", { ...(welcome as object), protocol: "1" }],
    ["truthiness instead of a tag", { ...(welcome as object), ok: 1 }],
    ["a token that is bare", { ...(welcome as object), token: "eyJ" }],
    ["a theme of another colour", { ...(welcome as object), theme: { scheme: "sepia" } }],
    [
      "a session without a tenant",
      { ...(welcome as object), session: { userId: "a", handle: "h" } },
    ],
    ["capabilities that are a string", { ...(welcome as object), capabilities: "all" }],
  ])("refuses %s as welcome", (_case, value) => {
    expect(() => parseWelcome(value)).toThrow(expect.objectContaining({ code: "FRAME_MALFORMED" }));
  });

  it("agrees on the highest version of both ranges", () => {
    expect(negotiateProtocol([1, 3], [2, 5])).toBe(3);
    expect(negotiateProtocol([2, 5], [1, 3])).toBe(3);
  });

  it("names both ranges when they do not overlap", () => {
    expect(() => negotiateProtocol([2, 3], [1, 1])).toThrow(
      "No common protocol version: this side speaks 2 to 3, the other 1 to 1.",
    );
  });
});

describe("names", () => {
  it.each([
    "orders:read",
    "CustomerChanged",
    "x",
    "crm.customer/note_added-v2:Done",
    "orders:",
    "orders:read:all",
    "a".repeat(128),
  ])("of methods and topics may be %s", (name) => {
    expect(isName(name)).toBe(true);
  });

  it.each([
    "",
    ":read",
    "1st",
    "_x",
    "/x",
    "orders: read",
    "*",
    "orders:*",
    "größe",
    "a\n",
    "a".repeat(129),
  ])("of methods and topics may not be %j", (name) => {
    expect(isName(name)).toBe(false);
  });

  it.each(["orders:read", "customer:changed", "crm.customer:note-added"])(
    "of capabilities and scopes may be %s",
    (right) => {
      expect(isRight(right)).toBe(true);
    },
  );

  it.each([
    "orders",
    ":read",
    "orders:",
    "orders:read:all",
    "Orders:read",
    "orders: read",
    "*",
    "orders:*",
    "",
  ])("of capabilities and scopes may not be %j", (right) => {
    expect(isRight(right)).toBe(false);
  });

  it("are judged at once when they would make a regular expression slow", () => {
    expect(isRight("a.".repeat(50_000))).toBe(false);
    expect(isName("a".repeat(100_000))).toBe(false);
  });
});
