/** Proof of possession (RFC 9449): the parameters that issuer, host, guest and verifiers share. */

/** The algorithm of all proofs. Every browser's WebCrypto and every tool for RFC 9449 supports it. */
export const PROOF_ALGORITHM = "ES256";

export const PROOF_LIMITS = {
  /** Bytes of a proof. A usual one has about 500 and a path. */
  maxProofBytes: 4_096,
  /** Characters of a proof's `jti`. */
  maxIdLength: 128,
  /** Age of a proof in seconds. It allows for a slow network only. */
  maxAgeSeconds: 30,
} as const;

// 256 bits in canonical base64url: the last character carries four bits.
const THUMBPRINT = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

/** True for the SHA-256 thumbprint of a key (RFC 7638, section 3) in base64url. */
export function isKeyThumbprint(value: unknown): value is string {
  return typeof value === "string" && THUMBPRINT.test(value);
}
