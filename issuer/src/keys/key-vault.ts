/** Where private keys are kept and sign. Implement it for a KMS or an HSM. */
import type { JWK } from "jose";

/** JOSE algorithms that an issuer signs with (RFC 8037, RFC 7518). */
export type SigningAlgorithm = "EdDSA" | "ES256";

export interface Signer {
  /**
   * The JWS signature of these bytes: 64 bytes for both algorithms; for ES256 the raw `r || s` form
   * of RFC 7518, section 3.4, not DER. A synchronous signer makes minting synchronous.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** A key that a vault has made. */
export interface VaultKey {
  readonly publicJwk: JWK;
  /** Lets the vault find the key again. The store keeps it beside the public key. */
  readonly reference: string;
}

export interface KeyVault {
  create(alg: SigningAlgorithm): Promise<VaultKey>;
  /** @throws {BridgeError} KEYS_UNAVAILABLE, when the key cannot be used */
  open(key: VaultKey, alg: SigningAlgorithm): Promise<Signer>;
}
