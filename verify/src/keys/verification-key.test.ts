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

  it.each(["rsa", "x25519", "p384"] as const)("of type %s is refused", (type) => {
    expect(() => importKeys([{ kid: "k", pem: pemOf(type) }])).toThrow(/Ed25519 or a P-256/);
  });

  it("needs an id", () => {
    expect(() => importKeys([{ kid: "", pem: ed25519.publicPem }])).toThrow(/kid: is required/);
  });
});

describe("a JWK", () => {
  const jwk = ed25519.publicJwk;

  it.each([
    ["with nothing said about its use", { use: undefined, alg: undefined }],
    ["for signatures", { use: "sig" }],
    ["that may verify", { key_ops: ["verify"] }],
    ["with members that are not known", { x5t: "abc", exp: 1 }],
  ])("%s is taken", (_name, overrides) => {
    expect(kidsOf({ ...jwk, ...overrides })).toEqual(["ed"]);
  });

  it.each([
    ["for encryption", { use: "enc" }],
    ["for another algorithm", { alg: "ES256" }],
    ["that may only sign", { key_ops: ["sign"] }],
    ["whose operations are not a list", { key_ops: "verify" }],
    ["of another kind", { kty: "RSA" }],
    ["of another curve", { crv: "X25519" }],
    ["of a kind that does not go with its curve", { kty: "EC" }],
    ["of a P curve that is not P-256", { kty: "EC", crv: "P-384" }],
    ["of P-256 and another kind", { crv: "P-256", alg: undefined }],
    ["of another P curve with no algorithm", { kty: "EC", crv: "P-384", alg: undefined }],
  ])("%s is passed over", (_name, overrides) => {
    expect(kidsOf({ ...jwk, ...overrides }, p256.publicJwk)).toEqual(["ec"]);
  });

  it.each(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])(
    "with the private member %s makes the set unusable, whatever its kind",
    (name) => {
      expect(() => importKeys([p256.publicJwk, { kty: "RSA", [name]: "AQAB" }])).toThrow(/private/);
    },
  );

  it.each([
    ["without an id", { kid: undefined }, /kid/],
    ["with an empty id", { kid: "" }, /kid/],
    ["with a number for an id", { kid: 1 }, /kid/],
    ["that is cut short", { x: "AAAA" }, /imported/],
  ])("%s makes the set unusable", (_name, overrides, message) => {
    expect(() => importKeys([p256.publicJwk, { ...jwk, ...overrides }])).toThrow(message);
  });
});

describe("a key set", () => {
  it("may hold 64 keys, and no more", () => {
    const keys = Array.from({ length: 64 }, (_, n) => ({ ...ed25519.publicJwk, kid: `key-${n}` }));
    expect(importKeys(keys).size).toBe(64);
    expect(() => importKeys([...keys, p256.publicJwk])).toThrow(/at most 64/);
  });

  it.each([undefined, null, "keys", { 0: {} }])("is a list, not %j", (keys) => {
    expect(() => importKeys(keys)).toThrow(/list/);
  });

  it("has no id twice", () => {
    expect(() => importKeys([ed25519.publicJwk, { ...p256.publicJwk, kid: "ed" }])).toThrow(
      /two keys/,
    );
  });
});
