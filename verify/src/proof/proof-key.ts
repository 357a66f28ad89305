/** The public key in a proof's header, and its thumbprint, which tokens are bound to. */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { isRecord } from "@breezeway/shared";
import { PRIVATE_MEMBERS } from "../keys/verification-key.ts";
import { canonicalBytes } from "../token/compact.ts";

export interface ProofKey {
  readonly key: KeyObject;
  /** As RFC 7638, section 3, defines it. */
  readonly thumbprint: string;
}

const COORDINATE_BYTES = 32;

/** `undefined` unless the value is the public part of a P-256 key (RFC 7518, section 6.2.1). */
export function importProofKey(jwk: unknown): ProofKey | undefined {
  if (!isRecord(jwk) || PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return undefined;
  const { kty, crv, x, y } = jwk;
  if (kty !== "EC" || crv !== "P-256" || !isCoordinate(x) || !isCoordinate(y)) return undefined;
  const key = importing({ kty, crv, x, y });
  return key && { key, thumbprint: thumbprintOf({ x, y }) };
}

/** Hashes the required members of a P-256 key, ordered by name and without white space. */
function thumbprintOf({ x, y }: { readonly x: string; readonly y: string }): string {
  const members = JSON.stringify({ crv: "P-256", kty: "EC", x, y });
  return createHash("sha256").update(members).digest("base64url");
}

// Only one spelling is accepted, otherwise one key would have several thumbprints.
function isCoordinate(value: unknown): value is string {
  return typeof value === "string" && canonicalBytes(value)?.length === COORDINATE_BYTES;
}

function importing(jwk: { kty: string; crv: string; x: string; y: string }): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    // The point is not on the curve.
    return undefined;
  }
}
