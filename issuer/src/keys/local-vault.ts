/**
 * The default vault: Node makes the keys and signs. The reference is the private JWK, encrypted when
 * an encryption secret is given.
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
import { optionObject, parseOptions } from "@breezeway/shared/schemas";
import type { JWK } from "jose";
import * as z from "zod/mini";
import type { KeyVault, Signer, SigningAlgorithm } from "./key-vault.ts";
import { decryptJwk, encryptJwk, isEncrypted } from "./key-encryption.ts";

export interface LocalVaultOptions {
  /**
   * Encrypts private keys at rest (JWE, PBES2-HS512+A256KW with A256GCM; RFC 7517, section 7). At
   * least 16 characters. Default: the store holds them in plain text.
   */
  readonly encryptionSecret?: string | undefined;
}

export const encryptionSecretOption: z.ZodMiniType<string> = z
  .string()
  .check(z.refine((secret) => secret.length >= 16, "must have at least 16 characters"));

const localVaultOptions = optionObject<LocalVaultOptions>({
  encryptionSecret: z.optional(encryptionSecretOption),
});

/** @throws {BridgeError} CONFIG_INVALID, when the secret has fewer than 16 characters */
export function createLocalVault(options: LocalVaultOptions = {}): KeyVault {
  const { encryptionSecret } = parseOptions(localVaultOptions, options, "createLocalVault");
  return {
    create: async (alg) => {
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
    open: async (key, alg) => {
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
  // The first signature of a key is many times slower than the rest, so it must not be a request's.
  void signer.sign(new Uint8Array(1));
  return signer;
}

async function readPrivateKey(reference: string, secret: string | undefined): Promise<KeyObject> {
  if (isEncrypted(reference) && secret === undefined) {
    throw unusable("is encrypted. Set keys.encryptionSecret");
  }
  try {
    const jwk =
      isEncrypted(reference) && secret !== undefined
        ? await decryptJwk(reference, secret)
        : (JSON.parse(reference) as JsonWebKey);
    return createPrivateKey({ key: jwk, format: "jwk" });
  } catch {
    // The cause stays out: parser errors quote their input.
    throw unusable(
      "cannot be read: it is damaged, or was encrypted with another keys.encryptionSecret",
    );
  }
}

// With the wrong public key, no verifier could verify the tokens.
function assertBelongs(privateKey: KeyObject, publicJwk: JWK): void {
  const actual = createPublicKey(privateKey).export({ format: "jwk" });
  if (actual.crv !== publicJwk.crv || actual.x !== publicJwk.x || actual.y !== publicJwk.y) {
    throw unusable("does not belong to its public key");
  }
}

function unusable(why: string): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", `A private signing key ${why}.`);
}
