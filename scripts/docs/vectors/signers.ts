/**
 * The keys that sign the vectors. Their private parts follow from their names, so anybody can sign with
 * them: they are good for tests and for nothing else.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";

import { withLowS } from "@breezeway/test-support/signer";

export type Algorithm = "EdDSA" | "ES256";

export interface VectorSigner {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly publicJwk: JsonWebKey;
  readonly privateJwk: JsonWebKey;
  /** The compact JWS of a header and a payload, each given as text or bytes. */
  sign(header: string, payload: string | Buffer): string;
}

/**
 * Signatures by what was signed. Those of ES256 have a random part, so the ones that are known are used
 * again, and new ones are added.
 */
export type KnownSignatures = Map<string, string>;

// An Ed25519 private key in PKCS #8 (RFC 8410, section 7) before its 32 bytes.
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

export function createSigner(kid: string, alg: Algorithm, known: KnownSignatures): VectorSigner {
  const privateKey = alg === "EdDSA" ? ed25519Key(seedOf(kid)) : p256Key(seedOf(kid));
  const publicKey = createPublicKey(privateKey);
  return {
    kid,
    alg,
    publicJwk: publicKey.export({ format: "jwk" }),
    privateJwk: privateKey.export({ format: "jwk" }),
    sign(header, payload) {
      const input = `${base64url(header)}.${base64url(payload)}`;
      return `${input}.${base64url(signature(input, alg, { privateKey, publicKey, known }))}`;
    },
  };
}

/** All compact tokens in a text, by what was signed. */
export function signaturesIn(text: string): KnownSignatures {
  return new Map(
    Array.from(text.matchAll(/([\w-]+\.[\w-]+)\.([\w-]{86})(?![\w.-])/gu), (match) => [
      match[1] ?? "",
      match[2] ?? "",
    ]),
  );
}

export function base64url(value: string | Buffer): string {
  return Buffer.from(value).toString("base64url");
}

export function sha256(value: string | Buffer): Buffer {
  return createHash("sha256").update(value).digest();
}

function seedOf(kid: string): Buffer {
  return sha256(`breezeway vectors ${kid}`);
}

function ed25519Key(seed: Buffer): KeyObject {
  const key = Buffer.concat([PKCS8_PREFIX, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function p256Key(seed: Buffer): KeyObject {
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(seed);
  const point = curve.getPublicKey();
  const x = base64url(point.subarray(1, 33));
  const y = base64url(point.subarray(33));
  const key = { kty: "EC", crv: "P-256", x, y, d: base64url(seed) };
  return createPrivateKey({ key, format: "jwk" });
}

interface SigningKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly known: KnownSignatures;
}

function signature(input: string, alg: Algorithm, keys: SigningKeys): Buffer {
  const data = Buffer.from(input);
  if (alg === "EdDSA") return sign(null, data, keys.privateKey);
  const known = Buffer.from(keys.known.get(input) ?? "", "base64url");
  // The vectors also have a twin with the other `s` of the same bytes.
  const before = known.length === 64 ? withLowS(known) : known;
  const dsaEncoding = "ieee-p1363";
  const isGood =
    before.length === 64 && verify("sha256", data, { key: keys.publicKey, dsaEncoding }, before);
  if (isGood) return before;
  const made = withLowS(sign("sha256", data, { key: keys.privateKey, dsaEncoding }));
  keys.known.set(input, base64url(made));
  return made;
}
