/** The forms that the decoder takes, in a runtime without `atob` and `TextDecoder` such as Hermes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeSessionToken } from "./decode.ts";

const encode = (value: string | Buffer): string => Buffer.from(value).toString("base64url");
const HEADER = encode('{"alg":"EdDSA"}');
const withClaims = (part: string): string => `${HEADER}.${part}.c2ln`;

beforeEach(() => {
  vi.stubGlobal("atob", undefined);
  vi.stubGlobal("TextDecoder", undefined);
});
afterEach(() => vi.unstubAllGlobals());

describe("decodeSessionToken", () => {
  it.each([
    ["letters of one byte", { sub: "alice" }],
    ["letters of two, three and four bytes", { sub: "Łucja 日本 😀" }],
    ["the letters - and _ of base64url", { sub: "~~~???>>>" }],
    ["control characters in escapes", { sub: "\u0000\u001f" }],
    ["a percent sign", { sub: "100 % %41" }],
    ["every length of the last group", { a: "", b: "x", c: "xy" }],
    ["an empty object", {}],
  ])("reads %s", (_what, claims) => {
    for (const padding of ["", " ", "  "]) {
      const token = withClaims(encode(JSON.stringify(claims) + padding));
      expect(decodeSessionToken(token)).toEqual({
        untrusted: true,
        header: { alg: "EdDSA" },
        claims,
      });
    }
  });

  const bytes = (...list: number[]): string =>
    encode(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(list), Buffer.from('"}')]));
  const good = encode('{"a":1}'); // 7 bytes: the last letter has two bits to spare.
  it.each([
    ["padding", `${encode('{"a": 1}')}=`],
    ["a space", ` ${good}`],
    ["a line break inside", `${good.slice(0, 4)}\n${good.slice(4)}`],
    ["the letter + of the other alphabet", good.replace(/^./, "+")],
    ["the letter / of the other alphabet", good.replace(/^./, "/")],
    ["a letter outside ASCII", `é${good.slice(1)}`],
    ["a surrogate", `\ud83d\ude00${good.slice(2)}`],
    ["a group of one letter", `${encode('{"a":12}').slice(0, -3)}Q`],
    ["unused bits that are set", `${good.slice(0, -1)}R`],
    ["a byte that begins no character", bytes(0xff)],
    ["a character that is cut off", bytes(0xe2, 0x82)],
    ["a character in more bytes than it needs", bytes(0xc0, 0x80)],
    ["half of a surrogate pair", bytes(0xed, 0xa0, 0x80)],
    ["a character beyond the last", bytes(0xf4, 0x90, 0x80, 0x80)],
    ["a byte order mark", encode('\ufeff{"a":1}')],
    ["a list", encode("[]")],
    ["null", encode("null")],
    ["text that is not JSON", encode("{")],
  ])("rejects %s", (_what, part) => {
    const expected = expect.objectContaining({ code: "TOKEN_MALFORMED" });
    expect(() => decodeSessionToken(withClaims(part))).toThrow(expected);
    expect(() => decodeSessionToken(`${part}.${good}.c2ln`)).toThrow(expected);
  });

  it.each(["", "a.b", "a.b.c.d", `${HEADER}.${good}.`, `.${good}.c2ln`, `${HEADER}..c2ln`])(
    "rejects %j, which has not three parts, without quoting it",
    (token) => {
      expect(() => decodeSessionToken(token)).toThrow("The session token is not a compact JWT.");
    },
  );
});
