import { describe, expect, it } from "vitest";
import { ISSUER, createSigner } from "@breezeway/test-support/signer";
import type { SessionVerifierOptions } from "./options.ts";
import { createSessionVerifier } from "./session-verifier.ts";

const signer = createSigner();
const privateJwk = signer.privateKey.export({ format: "jwk" });
const privatePem = signer.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
const valid: SessionVerifierOptions = {
  issuer: ISSUER,
  audience: "orders",
  jwks: "https://shell.example/auth/.well-known/jwks.json",
};

const refused: readonly (readonly [string, object, RegExp])[] = [
  ["no issuer", { issuer: undefined }, /issuer/],
  ["an empty issuer", { issuer: "" }, /issuer/],
  ["no audience", { audience: undefined }, /audience/],
  ["an empty audience", { audience: "" }, /audience/],
  ["an empty list of audiences", { audience: [] }, /audience/],
  ["a list with an empty audience", { audience: ["orders", ""] }, /audience/],
  ["no jwks and an issuer that is not a URL", { issuer: "shell", jwks: undefined }, /jwks/],
  [
    "an issuer that ends in a slash, without its jwks",
    { issuer: `${ISSUER}/`, jwks: undefined },
    /issuer: must have no trailing slash/,
  ],
  ["a jwks that is not a URL", { jwks: "jwks.json" }, /jwks/],
  ["a jwks on plain http", { jwks: "http://shell.example/jwks.json" }, /jwks/],
  ["a jwks file", { jwks: "file:///etc/passwd" }, /jwks/],
  ["a JWKS without keys", { jwks: { keys: [] } }, /jwks/],
  ["a JWKS with a private key", { jwks: { keys: [{ ...privateJwk, kid: "k" }] } }, /private/],
  ["a private PEM", { jwks: [{ kid: "k", pem: privatePem }] }, /PUBLIC KEY/],
  [
    "a public PEM followed by a private one",
    { jwks: [{ kid: "k", pem: signer.publicPem + privatePem }] },
    /PUBLIC/,
  ],
  ["a PEM without kid", { jwks: [{ pem: signer.publicPem }] }, /kid/],
  [
    "a broken PEM",
    { jwks: [{ kid: "k", pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----" }] },
    /imported/,
  ],
  ["a key that is not an object", { jwks: [null] }, /keys\[0\]/],
  ["no algorithms", { algorithms: [] }, /algorithms/],
  ["an unknown algorithm", { algorithms: ["EdDSA", "none"] }, /algorithms/],
  ["a negative skew", { maxClockSkewSeconds: -1 }, /maxClockSkewSeconds/],
  ["a skew above 5 seconds", { maxClockSkewSeconds: 6 }, /maxClockSkewSeconds/],
  ["a skew that is not a number", { maxClockSkewSeconds: Number.NaN }, /maxClockSkewSeconds/],
  ["a lifetime above 300 seconds", { maxLifetimeSeconds: 301 }, /maxLifetimeSeconds/],
  ["a cache of zero entries", { cache: { maxEntries: 0 } }, /cache.maxEntries/],
  ["a time limit of 0 ms for the key set", { jwksTimeoutMs: 0 }, /jwksTimeoutMs/],
];

describe("createSessionVerifier refuses", () => {
  it.each(refused)("%s", (_name, overrides, message) => {
    const options = { ...valid, ...overrides } as SessionVerifierOptions;
    expect(() => createSessionVerifier(options)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }) as Error,
    );
    expect(() => createSessionVerifier(options)).toThrow(message);
  });

  it("a call without options", () => {
    const create = createSessionVerifier as (options?: unknown) => unknown;
    expect(() => create()).toThrow(/options/);
  });
});

describe("createSessionVerifier accepts", () => {
  it.each([
    ["an https JWKS", {}],
    ["an https issuer without jwks", { jwks: undefined }],
    ["another issuer that ends in a slash", { issuer: "https://other.example/" }],
    ["an http JWKS on loopback", { jwks: "http://localhost:4000/auth/.well-known/jwks.json" }],
    ["an http JWKS with unsafeAllowHttp", { jwks: "http://issuer/jwks", unsafeAllowHttp: true }],
    ["a P-256 PEM", { jwks: [{ kid: "k", pem: createSigner("k", "ES256").publicPem }] }],
    ["a Set of audiences", { audience: new Set<string>() }],
  ])("%s", (_name, overrides) => {
    createSessionVerifier({ ...valid, ...overrides } as SessionVerifierOptions).close();
  });
});
