/**
 * Public keys from JWK (RFC 7517, RFC 8037) or PEM. Any private key material is an error: anybody can
 * sign with a published private key, so a verifier must not continue.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { BridgeError, isRecord } from "@breezeway/shared";
import type { SessionAlgorithm } from "../token/compact.ts";

export interface VerificationKey {
  readonly kid: string;
  readonly alg: SessionAlgorithm;
  readonly key: KeyObject;
}

/** A public JWK. Other members are allowed and ignored. */
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

/** Names of private members, for all key types (RFC 7518, section 6). */
export const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
// Far more than a rotation ever publishes. Bounds the work that a hostile set can cause.
const MAX_KEYS = 64;

/**
 * The keys of a set that can verify session tokens, by id. Keys of other types or uses are skipped
 * (RFC 7517, section 5).
 *
 * @param source Where the keys come from, as error messages name it.
 * @throws {BridgeError} CONFIG_INVALID, for private key material, a duplicate id, a key that cannot be
 * imported, or a value that is not a list of keys
 */
export function importKeys(keys: unknown, source: string): ReadonlyMap<string, VerificationKey> {
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) {
    throw invalid(`${source}: keys: must be a list of at most ${MAX_KEYS} keys`);
  }
  const imported = new Map<string, VerificationKey>();
  for (const [index, entry] of (keys as unknown[]).entries()) {
    const place = `${source}: keys[${index}]`;
    if (!isRecord(entry)) throw invalid(`${place}: must be an object`);
    const key = typeof entry["pem"] === "string" ? fromPem(entry, place) : fromJwk(entry, place);
    if (key === undefined) continue;
    if (imported.has(key.kid)) throw invalid(`${place}.kid: must be unique, two keys have this id`);
    imported.set(key.kid, key);
  }
  return imported;
}

function fromJwk(jwk: Record<string, unknown>, place: string): VerificationKey | undefined {
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    throw invalid(`${place}: must not hold private key material. Publish only the public part`);
  }
  const alg = algorithmOf(jwk);
  const ops = jwk["key_ops"];
  const isForVerifying =
    (jwk["use"] === undefined || jwk["use"] === "sig") &&
    (ops === undefined || (Array.isArray(ops) && ops.includes("verify"))) &&
    (jwk["alg"] === undefined || jwk["alg"] === alg);
  if (alg === undefined || !isForVerifying) return undefined;
  const { kid, kty, crv, x, y } = jwk;
  if (typeof kid !== "string" || kid === "") throw invalid(`${place}.kid: is required`);
  const publicJwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey;
  const key = importing(place, () => createPublicKey({ key: publicJwk, format: "jwk" }));
  return { kid, alg, key };
}

function algorithmOf(jwk: Record<string, unknown>): SessionAlgorithm | undefined {
  if (jwk["kty"] === "OKP" && jwk["crv"] === "Ed25519") return "EdDSA";
  if (jwk["kty"] === "EC" && jwk["crv"] === "P-256") return "ES256";
  return undefined;
}

function fromPem(entry: Record<string, unknown>, place: string): VerificationKey {
  const { kid, pem } = entry as { kid: unknown; pem: string };
  if (typeof kid !== "string" || kid === "") throw invalid(`${place}.kid: is required`);
  // Node silently derives the public key from a private PEM.
  if (!pem.trimStart().startsWith("-----BEGIN PUBLIC KEY-----") || pem.includes("PRIVATE")) {
    throw invalid(`${place}.pem: must be a PUBLIC KEY block`);
  }
  const key = importing(place, () => createPublicKey({ key: pem, format: "pem" }));
  if (key.asymmetricKeyType === "ed25519") return { kid, alg: "EdDSA", key };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "prime256v1") return { kid, alg: "ES256", key };
  throw invalid(`${place}.pem: must be an Ed25519 or a P-256 key`);
}

function importing(place: string, importKey: () => KeyObject): KeyObject {
  try {
    return importKey();
  } catch {
    // OpenSSL's message does not help the reader, and may quote the input.
    throw invalid(`${place}: cannot be imported as a public key`);
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
