/** Signs whatever a test needs and checks nothing: the issuer and the attacker in one. */
import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export const ISSUER = "https://shell.example/auth";
export const APP_ID = "orders";
export const APP_ORIGIN = "https://orders.example";
/** A fixed time for tests that set the clock. */
export const NOW_SECONDS = 1_800_000_000;

export type Claims = Record<string, unknown>;

export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly [member: string]: unknown;
}

export interface TestSigner {
  readonly kid: string;
  readonly alg: "EdDSA" | "ES256";
  /** The header of a good token. */
  readonly header: Claims;
  readonly publicJwk: PublicJwk;
  /** A key set that publishes the key. */
  readonly jwks: { readonly keys: PublicJwk[] };
  readonly publicPem: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** Takes JSON as text or bytes, so that a test can write what no serialiser would. */
  signText(header: string, payload: string | Buffer): string;
  sign(claims: object, header?: object): string;
  /** A good token of the orders app as of now, with a `jti` of its own and these claims changed. */
  token(claims?: object, header?: object): string;
}

let tokens = 0;

/** The order of the group of P-256 (SEC 2, section 2.4.2). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other ECDSA signature `(r, n − s)` of the same bytes, in the form of JWS. */
export function withOtherS(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const other = (P256_ORDER - s).toString(16).padStart(64, "0");
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(other, "hex")]);
}

/** Returns the signature with the lower `s` of the two, as issuers write it. */
export function withLowS(signature: Buffer): Buffer {
  const other = withOtherS(signature);
  return Buffer.compare(signature, other) < 0 ? signature : other;
}

export function createSigner(kid = "key-1", alg: "EdDSA" | "ES256" = "EdDSA"): TestSigner {
  const { publicKey, privateKey } =
    alg === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const publicJwk = { ...jwk, kty: String(jwk.kty), kid, alg, use: "sig" };
  const header = { alg, typ: "JWT", kid };
  const signText = (head: string, payload: string | Buffer): string => {
    const input = `${base64url(head)}.${base64url(payload)}`;
    const signature =
      alg === "EdDSA"
        ? sign(null, Buffer.from(input), privateKey)
        : withLowS(
            sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }),
          );
    return `${input}.${base64url(signature)}`;
  };
  const signClaims = (claims: object, head: object = header): string =>
    signText(JSON.stringify(head), JSON.stringify(claims));
  return {
    kid,
    alg,
    header,
    publicJwk,
    jwks: { keys: [publicJwk] },
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    publicKey,
    privateKey,
    signText,
    sign: signClaims,
    token: (claims = {}, head = header) => {
      tokens += 1;
      return signClaims(claimsNow({ jti: `token-${tokens}`, ...claims }), head);
    },
  };
}

/** The claims of a session token that is minted at this time. */
export function claimsAt(nowSeconds: number, overrides: object = {}): Claims {
  return {
    iss: ISSUER,
    aud: APP_ID,
    azp: APP_ORIGIN,
    sub: "alice",
    userId: "alice",
    tenantId: "acme",
    sid: "session-1",
    jti: "token-1",
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 60,
    scope: "orders:read orders:write",
    ...overrides,
  };
}

/** The claims of a session token that is minted `offsetSeconds` from now. */
export function claimsNow(overrides: object = {}, offsetSeconds = 0): Claims {
  return claimsAt(Math.floor(Date.now() / 1_000) + offsetSeconds, overrides);
}

export function without(claims: Claims, name: string): Claims {
  const { [name]: _, ...rest } = claims;
  return rest;
}

/** A token whose signature is an HMAC. */
export function hmacToken(secret: string | Buffer, header: object, payload: object): string {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

export function base64url(value: string | Buffer): string {
  return Buffer.from(value).toString("base64url");
}

/** The same bytes in another encoding: bits of the last letter that no byte needs are set. */
export function withStrayTailBits(part: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.slice(-1));
  return part.slice(0, -1) + alphabet.charAt(last + 1);
}
