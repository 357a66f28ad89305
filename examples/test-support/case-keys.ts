/** The keys of the table's tokens, and the key set that publishes some of them. */
import { generateKeyPairSync } from "node:crypto";
import { createSigningKey, publicJwk, type SigningKey } from "./token-forge.ts";

export interface CaseKeys {
  readonly published: SigningKey;
  readonly alsoPublished: SigningKey;
  readonly forEncryption: SigningKey;
  readonly forAnotherAlg: SigningKey;
  readonly stranger: SigningKey;
}

export interface KeySetEntry {
  readonly kty: string;
  readonly [member: string]: unknown;
}

export function createCaseKeys(): CaseKeys {
  return {
    published: createSigningKey("key-1"),
    alsoPublished: createSigningKey("key-2"),
    forEncryption: createSigningKey("key-3"),
    forAnotherAlg: createSigningKey("key-4"),
    stranger: createSigningKey("key-5"),
  };
}

/** Two keys that sign session tokens, and three that a verifier must leave alone. */
export function keySetOf(keys: CaseKeys): readonly KeySetEntry[] {
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  return [
    { ...p256.export({ format: "jwk" }), kty: "EC", kid: "key-6", use: "sig" },
    { ...publicJwk(keys.forEncryption), use: "enc" },
    { ...publicJwk(keys.forAnotherAlg), alg: "ES256" },
    { ...publicJwk(keys.published) },
    { ...publicJwk(keys.alsoPublished) },
  ];
}
