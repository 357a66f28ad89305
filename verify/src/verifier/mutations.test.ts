/** Whatever is changed about a good token, it is no longer one. */
import * as fc from "fast-check";
import { BridgeError } from "@breezeway/shared";
import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import { ISSUER, NOW_SECONDS as NOW, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { createSessionVerifierForTesting } from "./session-verifier.ts";

const eddsa = createSigner("key-1");
const es256 = createSigner("key-2", "ES256");
const verifier = createSessionVerifierForTesting(
  {
    issuer: ISSUER,
    audience: "orders",
    jwks: [eddsa.publicJwk, es256.publicJwk],
    algorithms: ["EdDSA", "ES256"],
  },
  { clock: clockAt(() => NOW * 1_000) },
);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const OTHERS = ["", ".", "=", "+", "/", " ", "\n", "\0", "é", "%41"];

/** The code of the refusal; `undefined` for a token that passes. */
function refusalOf(token: string): string | undefined {
  try {
    verifier.verifySync(token);
    return undefined;
  } catch (error) {
    if (BridgeError.is(error)) return error.code;
    throw error;
  }
}

describe.each([
  ["EdDSA", eddsa],
  ["ES256", es256],
])("a good %s token", (_alg, signer) => {
  const token = signer.sign(claimsAt(NOW));

  it("passes, before and after all that follows", () => {
    expect(refusalOf(token)).toBeUndefined();
  });

  it("does not pass with any character replaced by any other, left out, or put in", () => {
    for (let at = 0; at < token.length; at += 1) {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      // One of the alphabet per place keeps the loop short; the property below tries them all.
      const other = ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 1 + (at % 62)) % 64] ?? "";
      for (const text of [other, ...OTHERS]) {
        if (text !== token[at]) expect(refusalOf(before + text + after)).toBeDefined();
      }
      expect(refusalOf(before + other + token.slice(at))).toBeDefined();
    }
  });

  it("does not pass with any bit of any of its bytes changed", () => {
    const parts = token.split(".").map((part) => Buffer.from(part, "base64url"));
    parts.forEach((part, index) => {
      for (let bit = 0; bit < part.length * 8; bit += 1) {
        const changed = Buffer.from(part);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const text = parts.with(index, changed).map((bytes) => bytes.toString("base64url"));
        expect(refusalOf(text.join("."))).toBeDefined();
      }
    });
  });

  it("does not pass cut short or made longer", () => {
    for (let length = 0; length < token.length; length += 1) {
      expect(refusalOf(token.slice(0, length))).toBeDefined();
      expect(refusalOf(token.slice(length + 1))).toBeDefined();
    }
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (more) => {
        expect(refusalOf(token + more)).toBeDefined();
        expect(refusalOf(more + token)).toBeDefined();
      }),
    );
  });

  it("does not pass after several changes at random", () => {
    const change = fc.record({
      at: fc.nat(token.length - 1),
      text: fc.oneof(fc.constantFrom(...ALPHABET.split("")), fc.string({ maxLength: 3 })),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let changed = token;
        for (const { at, text } of changes)
          changed = changed.slice(0, at) + text + changed.slice(at + 1);
        fc.pre(changed !== token);
        expect(refusalOf(changed)).toBeDefined();
      }),
    );
  });
});

describe("a text that is not a token", () => {
  it("is refused with one of the verifier's own reasons, never with another error", () => {
    const part = fc.oneof(
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
      fc.constantFrom(...eddsa.sign(claimsAt(NOW)).split(".").slice(0, 2)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        expect(refusalOf(parts.join("."))).toMatch(/^(TOKEN|KEY)_/);
      }),
    );
  });

  it("is refused when its claims are anything but those of a session, whoever signed it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (claims) => {
        expect(
          refusalOf(
            eddsa.signText('{"alg":"EdDSA","typ":"JWT","kid":"key-1"}', JSON.stringify(claims)),
          ),
        ).toBe("TOKEN_MALFORMED");
      }),
    );
  });

  it("is refused when one claim is anything else", () => {
    const names = Object.keys(claimsAt(NOW)).filter(
      (name) => name !== "azp" && name !== "tenantId",
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        const claims = claimsAt(NOW);
        // Ids, times within bounds and scopes may well have other values of their own type.
        fc.pre(typeof value !== typeof claims[name]);
        expect(refusalOf(eddsa.sign({ ...claims, [name]: value }))).toBe("TOKEN_MALFORMED");
      }),
    );
  });
});
