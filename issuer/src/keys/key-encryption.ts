/** Private keys at rest as encrypted JWKs (RFC 7517, section 7), so that other tools can read them. */
import type { JsonWebKey } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";

// OWASP's recommendation for PBKDF2 with HMAC-SHA-512. It costs time once per key and start.
const ITERATIONS = 210_000;

export function isEncrypted(reference: string): boolean {
  return !reference.startsWith("{");
}

export function encryptJwk(jwk: JsonWebKey, secret: string): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: "PBES2-HS512+A256KW", enc: "A256GCM", cty: "jwk+json" })
    .setKeyManagementParameters({ p2c: ITERATIONS })
    .encrypt(Buffer.from(secret));
}

export async function decryptJwk(reference: string, secret: string): Promise<JsonWebKey> {
  const { plaintext } = await compactDecrypt(reference, Buffer.from(secret), {
    keyManagementAlgorithms: ["PBES2-HS512+A256KW"],
    contentEncryptionAlgorithms: ["A256GCM"],
    maxPBES2Count: ITERATIONS,
  });
  return JSON.parse(Buffer.from(plaintext).toString()) as JsonWebKey;
}
