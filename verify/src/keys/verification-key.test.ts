import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createSigner } from "@breezeway/test-support/signer";
import { importKeys as importKeysOf } from "./verification-key.ts";

const importKeys = (keys: unknown) => importKeysOf(keys, "jwks");
const ed25519 = createSigner("ed");
const p256 = createSigner("ec", "ES256");
const pemOf = (type: "rsa" | "x25519" | "p384"): string => {
  const { publicKey } =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 1_024 })
      : type === "x25519"
        ? generateKeyPairSync("x25519")
        : generateKeyPairSync("ec", { namedCurve: "P-384" });
  return publicKey.export({ format: "pem", type: "spki" }).toString();
};
const kidsOf = (...keys: object[]): string[] => [...importKeys(keys).keys()];

describe("a PEM key", () => {
  it("has the algorithm of its curve", () => {
    const keys = importKeys([
      { kid: "ed", pem: `\n${ed25519.publicPem}` },
      { kid: "ec", pem: p256.publicPem },
    ]);
    expect([...keys.values()].map(({ kid, alg }) => [kid, alg])).toEqual([
      ["ed", "EdDSA"],
      ["ec", "ES256"],
    ]);
  });

  it.each(["rsa", "x25519", "p384"] as const)("of type %s is rejected", (type) => {
    expect(() => importKeys([{ kid: "k", pem: pemOf(type) }])).toThrow(/Ed25519 or a P-256/);
  });

  it("is rejected without an id", () => {
    expect(() => importKeys([{ kid: "", pem: ed25519.publicPem }])).toThrow(/kid: is required/);
  });
});

describe("a JWK", () => {
  const jwk = ed25519.publicJwk;

  it.each([
    ["without use and alg", { use: undefined, alg: undefined }],
    ["for signatures", { use: "sig" }],
    ["with key_ops that include verify", { key_ops: ["verify"] }],
    ["with unknown members", { x5t: "abc", exp: 1 }],
  ])("%s is imported", (_name, overrides) => {
    expect(kidsOf({ ...jwk, ...overrides })).toEqual(["ed"]);
  });

  it.each([
    ["for encryption", { use: "enc" }],
    ["for another algorithm", { alg: "ES256" }],
    ["with key_ops that only include sign", { key_ops: ["sign"] }],
    ["whose key_ops is not a list", { key_ops: "verify" }],
    ["of another kty", { kty: "RSA" }],
    ["of another curve", { crv: "X25519" }],
    ["whose kty does not match its curve", { kty: "EC" }],
    ["of a P curve that is not P-256", { kty: "EC", crv: "P-384" }],
    ["of P-256 with another kty", { crv: "P-256", alg: undefined }],
    ["of another P curve, without alg", { kty: "EC", crv: "P-384", alg: undefined }],
  ])("%s is skipped", (_name, overrides) => {
    expect(kidsOf({ ...jwk, ...overrides }, p256.publicJwk)).toEqual(["ec"]);
  });

  it.each(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])(
    "with the private member %s makes the set unusable, also when its kty is unsupported",
    (name) => {
      expect(() => importKeys([p256.publicJwk, { kty: "RSA", [name]: "AQAB" }])).toThrow(/private/);
    },
  );

  it.each([
    ["without an id", { kid: undefined }, /kid/],
    ["with an empty id", { kid: "" }, /kid/],
    ["with a number as its id", { kid: 1 }, /kid/],
    ["whose x is truncated", { x: "AAAA" }, /imported/],
  ])("%s makes the set unusable", (_name, overrides, message) => {
    expect(() => importKeys([p256.publicJwk, { ...jwk, ...overrides }])).toThrow(message);
  });
});

describe("a key set", () => {
  it("may hold at most 64 keys", () => {
    const keys = Array.from({ length: 64 }, (_, n) => ({ ...ed25519.publicJwk, kid: `key-${n}` }));
    expect(importKeys(keys).size).toBe(64);
    expect(() => importKeys([...keys, p256.publicJwk])).toThrow(/at most 64/);
  });

  it.each([undefined, null, "keys", { 0: {} }])(
    "is rejected when it is %j instead of a list",
    (keys) => {
      expect(() => importKeys(keys)).toThrow(/list/);
    },
  );

  it("is rejected when two keys have the same id", () => {
    expect(() => importKeys([ed25519.publicJwk, { ...p256.publicJwk, kid: "ed" }])).toThrow(
      /two keys/,
    );
  });
});
