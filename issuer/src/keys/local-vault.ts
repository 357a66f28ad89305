/**
 * The default vault: Node makes the keys and signs; the reference is the private JWK, encrypted when
 * there is a key-encryption secret.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import type { JWK } from "jose";
import type { KeyVault, Signer, SigningAlgorithm } from "./key-vault.ts";
import { decryptJwk, encryptJwk, isEncrypted } from "./key-encryption.ts";

export interface LocalVaultOptions {
  /**
   * Encrypts private keys at rest (JWE, PBES2-HS512+A256KW with A256GCM; RFC 7517, section 7). At
   * least 16 characters. Without it they stand in the store as they are.
   */
  readonly encryptionSecret?: string | undefined;
}

/** @throws {BridgeError} CONFIG_INVALID for a secret of fewer than 16 characters */
export function createLocalVault({ encryptionSecret }: LocalVaultOptions = {}): KeyVault {
  if (encryptionSecret !== undefined && encryptionSecret.length < 16) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "keys.encryptionSecret: must be at least 16 characters.",
    );
  }
  return {
    async create(alg) {
      const { privateKey, publicKey } = generate(alg);
      const privateJwk = privateKey.export({ format: "jwk" });
      return {
        publicJwk: publicKey.export({ format: "jwk" }),
        reference:
          encryptionSecret === undefined
            ? JSON.stringify(privateJwk)
            : await encryptJwk(privateJwk, encryptionSecret),
      };
    },
    async open(key, alg) {
      const privateKey = await readPrivateKey(key.reference, encryptionSecret);
      assertBelongs(privateKey, key.publicJwk);
      return signerOf(privateKey, alg);
    },
  };
}

function generate(alg: SigningAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  return alg === "EdDSA"
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function signerOf(key: KeyObject, alg: SigningAlgorithm): Signer {
  const signer: Signer =
    alg === "EdDSA"
      ? { sign: (data) => sign(null, data, key) }
      : { sign: (data) => sign("sha256", data, { key, dsaEncoding: "ieee-p1363" }) };
  // The first signature of a key is many times slower than the rest: not in a request.
  void signer.sign(new Uint8Array(1));
  return signer;
}

async function readPrivateKey(reference: string, secret: string | undefined): Promise<KeyObject> {
  if (isEncrypted(reference) && secret === undefined) {
    throw unusable("is encrypted, and no keys.encryptionSecret is given");
  }
  try {
    const jwk =
      isEncrypted(reference) && secret !== undefined
        ? await decryptJwk(reference, secret)
        : (JSON.parse(reference) as JsonWebKey);
    return createPrivateKey({ key: jwk, format: "jwk" });
  } catch {
    // No cause: errors of parsers quote what they read.
    throw unusable("cannot be read: it is damaged, or the encryption secret is another one");
  }
}

// A private key beside the wrong public one would sign tokens that nobody can verify.
function assertBelongs(privateKey: KeyObject, publicJwk: JWK): void {
  const actual = createPublicKey(privateKey).export({ format: "jwk" });
  if (actual.crv !== publicJwk.crv || actual.x !== publicJwk.x || actual.y !== publicJwk.y) {
    throw unusable("does not belong to its public key");
  }
}

function unusable(why: string): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", `A private signing key ${why}.`);
}
