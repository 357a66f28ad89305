/**
 * ECDSA has two signatures for the same bytes: `(r, s)` and `(r, n − s)`. Issuers write the one with the
 * lower `s`, and verifiers accept no other, so that each token has one spelling.
 */
import type { Signer } from "./key-vault.ts";

/** The order of the group of P-256 (SEC 2, section 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const S_AT = 32;

/** A signer of ES256 whose signatures have the lower `s`, whatever the vault's own signer writes. */
export function withLowS(signer: Signer): Signer {
  return {
    sign(data) {
      const signature = signer.sign(data);
      return signature instanceof Promise ? signature.then(lowered) : lowered(signature);
    },
  };
}

function lowered(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(S_AT)).toString("hex")}`);
  if (s <= ORDER / 2n) return signature;
  const other = (ORDER - s).toString(16).padStart(64, "0");
  return Buffer.concat([signature.subarray(0, S_AT), Buffer.from(other, "hex")]);
}
