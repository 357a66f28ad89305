/** Any change to a valid token makes the verifier reject it. */
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

/** The code of the error; `undefined` for an accepted token. */
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
])("a valid %s token", (_alg, signer) => {
  const token = signer.sign(claimsAt(NOW));

  it("is accepted unchanged", () => {
    expect(refusalOf(token)).toBeUndefined();
  });

  it("is rejected when any character is replaced, removed or inserted", () => {
    for (let at = 0; at < token.length; at += 1) {
      const [before, after] = [token.slice(0, at), token.slice(at + 1)];
      // One character per position keeps the loop short; the property below tries all of them.
      const other = ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 1 + (at % 62)) % 64] ?? "";
      for (const text of [other, ...OTHERS]) {
        if (text !== token[at]) expect(refusalOf(before + text + after)).toBeDefined();
      }
      expect(refusalOf(before + other + token.slice(at))).toBeDefined();
    }
  });

  it("is rejected when any bit is flipped", () => {
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

  it("is rejected when it is truncated or extended", () => {
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

  it("is rejected after several random changes", () => {
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

describe("a string that is not a session token", () => {
  it("is rejected with a TOKEN_ or KEY_ code, never with another error", () => {
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

  it("is rejected when its claims are not those of a session, even with a valid signature", () => {
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

  it("is rejected when one claim has another type", () => {
    const names = Object.keys(claimsAt(NOW)).filter(
      (name) => name !== "azp" && name !== "tenantId",
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, value) => {
        const claims = claimsAt(NOW);
        // Other values of the same type can be valid: ids, scopes, and times within bounds.
        fc.pre(typeof value !== typeof claims[name]);
        expect(refusalOf(eddsa.sign({ ...claims, [name]: value }))).toBe("TOKEN_MALFORMED");
      }),
    );
  });
});
