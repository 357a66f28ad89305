import { verify } from "node:crypto";
import type { VerificationKey } from "../keys/verification-key.ts";
import type { CompactToken } from "./compact.ts";

// Signatures of Ed25519 (RFC 8032, section 5.1.6) and ES256 (RFC 7518, section 3.4) have 64 bytes.
const SIGNATURE_BYTES = 64;
const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;

/** The shortest form of a positive number: a zero byte only in front of a leading bit. */
function derInteger(bytes: Buffer): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = [...bytes.subarray(first === -1 ? bytes.length - 1 : first)];
  if ((digits[0] ?? 0) > 0x7f) digits.unshift(0);
  return [DER_INTEGER, digits.length, ...digits];
}

/**
 * The DER form of a signature (RFC 3279, section 2.2.3), which every runtime reads: Cloudflare Workers do
 * not take a key object together with Node's `dsaEncoding`.
 */
function derOf(signature: Buffer): Buffer {
  const half = SIGNATURE_BYTES / 2;
  const parts = [signature.subarray(0, half), signature.subarray(half)].flatMap(derInteger);
  return Buffer.from([DER_SEQUENCE, parts.length, ...parts]);
}

// Half the order of the group of P-256 (SEC 2, section 2.4.2), as big-endian bytes.
const HALF_ORDER = Buffer.from(
  "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
  "hex",
);

/**
 * Whether the key made this signature of a token. ECDSA has two signatures for the same bytes, `(r, s)` and
 * `(r, n − s)`. Issuers write the one with the lower `s`; the other would be a second spelling of the token.
 */
export function isTokenSignatureValid(
  token: Pick<CompactToken, "signingInput" | "signature">,
  key: Pick<VerificationKey, "alg" | "key">,
): boolean {
  const s = token.signature.subarray(SIGNATURE_BYTES / 2);
  const isLow = key.alg === "EdDSA" || Buffer.compare(s, HALF_ORDER) <= 0;
  return isLow && isSignatureValid(token, key);
}

/** Whether the key made this signature. The caller has compared the algorithms already. */
export function isSignatureValid(
  token: Pick<CompactToken, "signingInput" | "signature">,
  { alg, key }: Pick<VerificationKey, "alg" | "key">,
): boolean {
  if (token.signature.length !== SIGNATURE_BYTES) return false;
  return alg === "EdDSA"
    ? verify(null, token.signingInput, key, token.signature)
    : verify("sha256", token.signingInput, key, derOf(token.signature));
}
