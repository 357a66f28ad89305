/** Where private keys live and who signs with them. The seam for a KMS or an HSM. */
import type { JWK } from "jose";

/** JOSE algorithms that an issuer signs with (RFC 8037, RFC 7518). */
export type SigningAlgorithm = "EdDSA" | "ES256";

export interface Signer {
  /**
   * The JWS signature of these bytes: 64 bytes for both algorithms; for ES256 the raw `r || s` form
   * of RFC 7518, section 3.4, not DER. A signer that answers at once makes minting synchronous.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A key as a vault has made it. */
export interface VaultKey {
  readonly publicJwk: JWK;
  /** What the vault needs to find the key again; stored beside the public key. */
  readonly reference: string;
}

export interface KeyVault {
  create(alg: SigningAlgorithm): Promise<VaultKey>;
  /** @throws {BridgeError} KEYS_UNAVAILABLE when the key cannot be used */
  open(key: VaultKey, alg: SigningAlgorithm): Promise<Signer>;
}
