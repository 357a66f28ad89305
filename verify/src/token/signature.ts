import { verify } from "node:crypto";
import type { VerificationKey } from "../keys/verification-key.ts";
import type { CompactToken } from "./compact.ts";

// Signatures of Ed25519 (RFC 8032, section 5.1.6) and ES256 (RFC 7518, section 3.4) have 64 bytes.
const SIGNATURE_BYTES = 64;

/** Whether the key made this signature. The caller has compared the algorithms already. */
export function isSignatureValid(
  token: Pick<CompactToken, "signingInput" | "signature">,
  { alg, key }: Pick<VerificationKey, "alg" | "key">,
): boolean {
  if (token.signature.length !== SIGNATURE_BYTES) return false;
  return alg === "EdDSA"
    ? verify(null, token.signingInput, key, token.signature)
    : verify("sha256", token.signingInput, { key, dsaEncoding: "ieee-p1363" }, token.signature);
}
