/** The keys of the table's tokens, and the key set that publishes some of them. */
import { generateKeyPairSync } from "node:crypto";
import { createSigner, type TestSigner } from "@breezeway/test-support/signer";

export interface CaseKeys {
  readonly published: TestSigner;
  readonly alsoPublished: TestSigner;
  readonly forEncryption: TestSigner;
  readonly forAnotherAlg: TestSigner;
  readonly stranger: TestSigner;
}

export interface KeySetEntry {
  readonly kty: string;
  readonly [member: string]: unknown;
}

export function createCaseKeys(): CaseKeys {
  return {
    published: createSigner("key-1"),
    alsoPublished: createSigner("key-2"),
    forEncryption: createSigner("key-3"),
    forAnotherAlg: createSigner("key-4"),
    stranger: createSigner("key-5"),
  };
}

/** Two keys that sign session tokens, and three that a verifier must leave alone. */
export function keySetOf(keys: CaseKeys): readonly KeySetEntry[] {
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  return [
    { ...p256.export({ format: "jwk" }), kty: "EC", kid: "key-6", use: "sig" },
    { ...keys.forEncryption.publicJwk, use: "enc" },
    { ...keys.forAnotherAlg.publicJwk, alg: "ES256" },
    { ...keys.published.publicJwk },
    { ...keys.alsoPublished.publicJwk },
  ];
}
