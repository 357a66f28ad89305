/**
 * Public keys from JWK (RFC 7517, RFC 8037) or PEM. Private key material is refused wherever it
 * turns up: a published private key means that anybody can sign, and a verifier must not go on.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { BridgeError, isRecord } from "@breezeway/shared";
import type { SessionAlgorithm } from "../token/algorithms.ts";

export interface VerificationKey {
  readonly kid: string;
  readonly alg: SessionAlgorithm;
  readonly key: KeyObject;
}

/** A public JWK. Members that are not listed are allowed and ignored. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly key_ops?: readonly string[];
}

/** A public key in PEM form (`-----BEGIN PUBLIC KEY-----`, RFC 7468, section 13) with its id. */
export interface PemKey {
  readonly kid: string;
  readonly pem: string;
}

/** A JWK Set (RFC 7517, section 5). */
export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** Of keys of any kind (RFC 7518, section 6). */
export const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
// Far more than a rotation ever publishes; keeps a hostile set from costing work.
const MAX_KEYS = 64;

/**
 * The keys of a set that can verify session tokens, by id. Keys of other kinds or uses are skipped
 * (RFC 7517, section 5).
 *
 * @throws {BridgeError} CONFIG_INVALID for private key material, two keys of one id, a key that
 * does not import, or something that is not a key set
 */
export function importKeys(keys: unknown): ReadonlyMap<string, VerificationKey> {
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) {
    throw invalid(`keys: must be a list of at most ${MAX_KEYS} keys`);
  }
  const imported = new Map<string, VerificationKey>();
  for (const [index, entry] of (keys as unknown[]).entries()) {
    if (!isRecord(entry)) throw invalid(`keys[${index}]: must be an object`);
    const key = typeof entry["pem"] === "string" ? fromPem(entry, index) : fromJwk(entry, index);
    if (key === undefined) continue;
    if (imported.has(key.kid)) throw invalid(`keys[${index}]: kid: two keys have this id`);
    imported.set(key.kid, key);
  }
  return imported;
}

function fromJwk(jwk: Record<string, unknown>, index: number): VerificationKey | undefined {
  const at = `keys[${index}]`;
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    throw invalid(`${at}: holds private key material; publish the public part only`);
  }
  const alg = algorithmOf(jwk);
  const ops = jwk["key_ops"];
  const isForVerifying =
    (jwk["use"] === undefined || jwk["use"] === "sig") &&
    (ops === undefined || (Array.isArray(ops) && ops.includes("verify"))) &&
    (jwk["alg"] === undefined || jwk["alg"] === alg);
  if (alg === undefined || !isForVerifying) return undefined;
  const { kid, kty, crv, x, y } = jwk;
  if (typeof kid !== "string" || kid === "") throw invalid(`${at}: kid: is required`);
  const publicJwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey;
  return { kid, alg, key: importing(at, () => createPublicKey({ key: publicJwk, format: "jwk" })) };
}

function algorithmOf(jwk: Record<string, unknown>): SessionAlgorithm | undefined {
  if (jwk["kty"] === "OKP" && jwk["crv"] === "Ed25519") return "EdDSA";
  if (jwk["kty"] === "EC" && jwk["crv"] === "P-256") return "ES256";
  return undefined;
}

function fromPem(entry: Record<string, unknown>, index: number): VerificationKey {
  const at = `keys[${index}]`;
  const { kid, pem } = entry as { kid: unknown; pem: string };
  if (typeof kid !== "string" || kid === "") throw invalid(`${at}: kid: is required`);
  // Node derives the public key from a private PEM without a word.
  if (!pem.trimStart().startsWith("-----BEGIN PUBLIC KEY-----") || pem.includes("PRIVATE")) {
    throw invalid(`${at}: pem: must be a PUBLIC KEY block`);
  }
  const key = importing(at, () => createPublicKey({ key: pem, format: "pem" }));
  if (key.asymmetricKeyType === "ed25519") return { kid, alg: "EdDSA", key };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "prime256v1") return { kid, alg: "ES256", key };
  throw invalid(`${at}: pem: must be an Ed25519 or a P-256 key`);
}

function importing(at: string, importKey: () => KeyObject): KeyObject {
  try {
    return importKey();
  } catch {
    // OpenSSL's message is of no use to the reader, and may quote the input.
    throw invalid(`${at}: is not a key that can be imported`);
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
