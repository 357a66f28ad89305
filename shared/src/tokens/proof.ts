/** Proof of possession (RFC 9449): what issuer, host, guest and verifiers must agree on. */

/** The one algorithm of proofs: every browser's WebCrypto has it, and every tool for RFC 9449. */
export const PROOF_ALGORITHM = "ES256";

export const PROOF_LIMITS = {
  /** A proof: about 500 bytes, and a path. */
  maxProofBytes: 4_096,
  /** Characters of its `jti`. */
  maxIdLength: 128,
  /** Between the making of a proof and its use, in seconds: time for a slow line, no more. */
  maxAgeSeconds: 30,
} as const;

// 256 bits in canonical base64url: the last character has four bits of them.
const THUMBPRINT = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/** True for the SHA-256 thumbprint of a key (RFC 7638, section 3) in base64url. */
export function isKeyThumbprint(value: unknown): value is string {
  return typeof value === "string" && THUMBPRINT.test(value);
}
