import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import { ISSUER, NOW_SECONDS as NOW, claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { SessionVerifierOptions } from "./options.ts";
import { createSessionVerifierForTesting, type SessionVerifier } from "./session-verifier.ts";

const signer = createSigner();
const good = signer.sign(claimsAt(NOW));

function create(
  overrides: Partial<SessionVerifierOptions> = {},
  nowSeconds: () => number = () => NOW,
): SessionVerifier {
  const options = { issuer: ISSUER, audience: "orders", jwks: { keys: [signer.publicJwk] } };
  const clock = clockAt(() => nowSeconds() * 1_000);
  return createSessionVerifierForTesting({ ...options, ...overrides }, { clock });
}

describe("createSessionVerifier", () => {
  it("returns the session of a valid token", async () => {
    const session = await create().verify(good, {
      origin: "https://orders.example",
      scopes: ["orders:write"],
      tenantId: "acme",
    });
    expect(session).toEqual({
      userId: "alice",
      tenantId: "acme",
      handle: "session-1",
      appId: "orders",
      scopes: ["orders:read", "orders:write"],
      claims: claimsAt(NOW),
      keyId: "key-1",
      token: good,
      expiresAtSeconds: NOW + 60,
    });
  });

  describe("with a key-bound token", () => {
    const KEY = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const bound = signer.sign(claimsAt(NOW, { cnf: { jkt: KEY } }));
    const unproven = expect.objectContaining({ code: "PROOF_INVALID" }) as Error;

    it("returns the session only with a proof of that key, for cached tokens too", () => {
      const verifier = create();
      const other = { proofKeyThumbprint: `${KEY.slice(0, -1)}A` };
      for (const name of ["verifySync", "verifyCached", "verifySync"] as const) {
        const session = verifier[name](bound, { proofKeyThumbprint: KEY });
        expect(session?.proofKeyThumbprint).toBe(KEY);
        expect(() => verifier[name](bound)).toThrow(unproven);
        expect(() => verifier[name](bound, other)).toThrow(unproven);
      }
    });

    it("rejects a proof for an unbound token", async () => {
      await expect(create().verify(good, { proofKeyThumbprint: KEY })).rejects.toThrow(unproven);
    });

    it.each([
      [{ jkt: KEY, "x5t#S256": KEY }],
      [{ "x5t#S256": KEY }],
      [{ jkt: "short" }],
      [{ jkt: `${KEY.slice(0, -1)}J` }],
      [{}],
      [KEY],
      [null],
    ])("rejects the binding %o, which it cannot check", async (cnf) => {
      const token = signer.sign(claimsAt(NOW, { cnf }));
      await expect(create().verify(token)).rejects.toMatchObject({ code: "TOKEN_MALFORMED" });
    });
  });

  it("returns custom claims, deeply frozen", () => {
    const token = signer.sign(claimsAt(NOW, { kid: "K-7", org: { roles: ["admin"] }, scope: "" }));
    const session = create().verifySync(token)!;
    expect(session.claims["kid"]).toBe("K-7");
    expect(session.scopes).toEqual([]);
    expect(() => (session.claims["org"] as { roles: string[] }).roles.push("root")).toThrow(
      TypeError,
    );
  });

  it("accepts times within the skew", async () => {
    const early = signer.sign(claimsAt(NOW + 5));
    const late = signer.sign(claimsAt(NOW - 60, { exp: NOW - 4 }));
    const verifier = create();
    expect((await verifier.verify(early)).userId).toBe("alice");
    expect((await verifier.verify(late)).userId).toBe("alice");
    await expect(create({ maxClockSkewSeconds: 0 }).verify(late)).rejects.toMatchObject({
      code: "TOKEN_EXPIRED",
    });
  });

  it("reads the header of each token, regardless of earlier tokens", () => {
    const second = createSigner("key-2");
    const verifier = create({
      jwks: { keys: [signer.publicJwk, second.publicJwk] },
      cache: false,
    });
    const other = second.sign(claimsAt(NOW));
    const unsigned = signer.sign(claimsAt(NOW), { alg: "none", typ: "JWT", kid: "key-1" });
    const refusal = expect.objectContaining({ code: "TOKEN_ALG" }) as Error;
    expect(() => verifier.verifySync(unsigned)).toThrow(refusal);
    for (const token of [good, good, other, good, other]) {
      expect(verifier.verifySync(token)?.keyId).toBe(token === other ? "key-2" : "key-1");
      expect(() => verifier.verifySync(unsigned)).toThrow(refusal);
    }
  });

  it("accepts ES256 when algorithms lists it", async () => {
    const p256 = createSigner("key-2", "ES256");
    const verifier = create({ jwks: { keys: [p256.publicJwk] }, algorithms: ["ES256"] });
    expect((await verifier.verify(p256.sign(claimsAt(NOW)))).userId).toBe("alice");
    await expect(verifier.verify(good)).rejects.toMatchObject({ code: "TOKEN_ALG" });
  });

  it("accepts keys as PEM", async () => {
    const verifier = create({ jwks: [{ kid: signer.kid, pem: signer.publicPem }] });
    expect((await verifier.verify(good)).userId).toBe("alice");
  });

  it("checks the audience on every verification, for cached tokens too", () => {
    const apps = new Set(["orders"]);
    const verifier = create({ audience: apps });
    expect(verifier.verifySync(good)?.appId).toBe("orders");
    apps.delete("orders");
    expect(() => verifier.verifyCached(good)).toThrow(/another app/);
  });
});

describe("a cached token", () => {
  it("is cached after its first verification", () => {
    const verifier = create();
    expect(verifier.verifyCached(good)).toBeUndefined();
    const session = verifier.verifySync(good);
    expect(verifier.verifyCached(good)).toBe(session);
  });

  it("does not make another token with its signature acceptable", () => {
    const verifier = create();
    verifier.verifySync(good);
    const [header = "", , signature = ""] = good.split(".");
    const [, payload = ""] = signer.sign(claimsAt(NOW, { sub: "root", userId: "root" })).split(".");
    const forged = [header, payload, signature].join(".");
    expect(verifier.verifyCached(forged)).toBeUndefined();
    expect(() => verifier.verifySync(forged)).toThrow(
      expect.objectContaining({ code: "TOKEN_SIGNATURE" }) as Error,
    );
    expect(verifier.verifyCached(good)).toBeDefined();
  });

  it("is dropped at its exp, without the allowed skew", () => {
    let nowSeconds = NOW;
    const verifier = create({}, () => nowSeconds);
    verifier.verifySync(good);
    nowSeconds = NOW + 59.9;
    expect(verifier.verifyCached(good)).toBeDefined();
    nowSeconds = NOW + 60;
    expect(verifier.verifyCached(good)).toBeUndefined();
  });

  it("is not used before its nbf when the clock goes back", () => {
    let nowSeconds = NOW;
    const verifier = create({}, () => nowSeconds);
    verifier.verifySync(good);
    nowSeconds = NOW - 5;
    expect(verifier.verifyCached(good)).toBeDefined();
    nowSeconds = NOW - 5.1;
    expect(verifier.verifyCached(good)).toBeUndefined();
    expect(() => verifier.verifySync(good)).toThrow(
      expect.objectContaining({ code: "TOKEN_NOT_YET" }) as Error,
    );
  });

  it("is rejected as soon as its session is revoked", () => {
    let revoked = false;
    const verifier = create({ isRevoked: () => revoked });
    verifier.verifySync(good);
    revoked = true;
    expect(() => verifier.verifyCached(good)).toThrow(
      expect.objectContaining({ code: "SESSION_REVOKED" }) as Error,
    );
  });

  it("is rejected as soon as its key is removed", () => {
    const removed = new Set<string>();
    const verifier = create({
      isKeyRemoved: (kid, issuer) => issuer === ISSUER && removed.has(kid),
    });
    verifier.verifySync(good);
    removed.add("key-1");
    const refusal = expect.objectContaining({ code: "KEY_UNKNOWN" }) as Error;
    expect(() => verifier.verifyCached(good)).toThrow(refusal);
    expect(() => verifier.verifySync(signer.sign(claimsAt(NOW, { jti: "2" })))).toThrow(refusal);
  });

  it("is checked against each request", () => {
    const verifier = create();
    verifier.verifySync(good);
    for (const [request, code] of [
      [{ origin: "https://evil.example" }, "AZP_MISMATCH"],
      [{ tenantId: "globex" }, "TENANT_MISMATCH"],
      [{ scopes: ["orders:delete"] }, "SCOPE_MISSING"],
    ] as const) {
      expect(() => verifier.verifyCached(good, request)).toThrow(
        expect.objectContaining({ code }) as Error,
      );
    }
  });

  it("is evicted by newer tokens when the cache is full", () => {
    const verifier = create({ cache: { maxEntries: 2 } });
    const tokens = [1, 2, 3].map((n) => signer.sign(claimsAt(NOW, { jti: `token-${n}` })));
    for (const token of tokens) verifier.verifySync(token);
    expect(tokens.map((token) => verifier.verifyCached(token) !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("is not kept with cache: false, nor after close", () => {
    const uncached = create({ cache: false });
    uncached.verifySync(good);
    expect(uncached.verifyCached(good)).toBeUndefined();
    const closed = create();
    closed.verifySync(good);
    closed.close();
    expect(closed.verifyCached(good)).toBeUndefined();
  });
});
