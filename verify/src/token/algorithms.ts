/** JWS algorithms (RFC 7518, section 3.1; RFC 8037, section 3.1) that a verifier can be told to accept. */
export type SessionAlgorithm = "EdDSA" | "ES256";

export const SESSION_ALGORITHMS: readonly SessionAlgorithm[] = ["EdDSA", "ES256"];

export function isSessionAlgorithm(value: unknown): value is SessionAlgorithm {
  return value === "EdDSA" || value === "ES256";
}
