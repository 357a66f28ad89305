import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import { NOW_SECONDS as NOW, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { createSessionVerifier, createSessionVerifierForTesting } from "./session-verifier.ts";

const A = "https://a.example/auth";
const B = "https://b.example/auth";
const signerA = createSigner("key-1");
// Both keys have the same id on purpose: a kid alone must not select a key.
const signerB = createSigner("key-1");
const onlyB = createSigner("key-b", "ES256");

const verifier = createSessionVerifierForTesting(
  {
    issuer: A,
    audience: "orders",
    jwks: [signerA.publicJwk],
    additionalIssuers: [
      {
        issuer: B,
        audience: "inspector",
        jwks: [signerB.publicJwk, onlyB.publicJwk],
        algorithms: ["EdDSA", "ES256"],
      },
    ],
  },
  { clock: clockAt(() => NOW * 1_000) },
);

const ofA = claimsAt(NOW, { iss: A });
const ofB = claimsAt(NOW, { iss: B, aud: "inspector" });

describe("a verifier of two issuers", () => {
  it("accepts the tokens of both, and caches them", async () => {
    for (const token of [signerA.sign(ofA), signerB.sign(ofB), onlyB.sign(ofB)]) {
      expect(verifier.verifyCached(token)).toBeUndefined();
      const session = await verifier.verify(token);
      expect(verifier.verifyCached(token)).toBe(session);
      expect(verifier.verifySync(token)).toBe(session);
    }
  });

  it.each([
    ["a token of A signed with a key of B", signerB.sign(ofA), "TOKEN_SIGNATURE"],
    ["a token of B signed with a key of A", signerA.sign(ofB), "TOKEN_SIGNATURE"],
    ["a token of A with a key id of B", onlyB.sign(ofA), "TOKEN_ALG"],
    [
      "a token of A for an app of B",
      signerA.sign({ ...ofA, aud: "inspector" }),
      "AUDIENCE_MISMATCH",
    ],
    ["a token of B for an app of A", signerB.sign({ ...ofB, aud: "orders" }), "AUDIENCE_MISMATCH"],
    ["a token of neither", signerA.sign({ ...ofA, iss: "https://c.example" }), "ISSUER_MISMATCH"],
    [
      "a token that names two issuers",
      signerA.signText(
        '{"alg":"EdDSA","typ":"JWT","kid":"key-1"}',
        JSON.stringify(ofA).replace("{", `{"iss":"${B}",`),
      ),
      "TOKEN_MALFORMED",
    ],
    ["a token without a payload", "a..b", "TOKEN_MALFORMED"],
    ["a value that is not a string", 7 as unknown as string, "TOKEN_MALFORMED"],
  ])("refuses %s", async (_name, token, code) => {
    const judged = async (): Promise<unknown> => verifier.verify(token);
    await expect(judged()).rejects.toMatchObject({ code });
    expect(() => verifier.verifySync(token)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it("is ready once the keys of both are loaded, and drops its cache on close", async () => {
    await verifier.ready();
    const token = signerA.sign(ofA);
    await verifier.verify(token);
    verifier.close();
    expect(verifier.verifyCached(token)).toBeUndefined();
  });

  it("is not ready while the keys of one issuer are unavailable, and still verifies tokens of the other", async () => {
    const [reachable, unreachable] = [
      { issuer: A, audience: "orders", jwks: [signerA.publicJwk] },
      { issuer: B, audience: "orders", jwks: "http://127.0.0.1:1/jwks.json" },
    ];
    const half = createSessionVerifier({ ...reachable, additionalIssuers: [unreachable] });
    await expect(half.ready()).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(
      half.verifySync(signerA.sign(claimsAt(Math.floor(Date.now() / 1_000), { iss: A }))),
    ).toBeDefined();
    half.close();
  });

  it("cannot be created with the same issuer twice, or with an issuer without an audience", () => {
    const trusted = { issuer: A, audience: "orders", jwks: [signerA.publicJwk] };
    expect(() => createSessionVerifier({ ...trusted, additionalIssuers: [trusted] })).toThrow(
      /same/,
    );
    const open = { issuer: B, audience: "", jwks: [signerB.publicJwk] };
    expect(() => createSessionVerifier({ ...trusted, additionalIssuers: [open] })).toThrow(
      /audience/,
    );
  });
});
