/** Signs whatever a test wants signed, with nothing checked: the attacker's tool. */
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export interface TestSigner {
  readonly kid: string;
  readonly alg: "EdDSA" | "ES256";
  readonly publicJwk: {
    readonly kty: string;
    readonly kid: string;
    readonly [name: string]: unknown;
  };
  readonly publicPem: string;
  readonly privateKey: KeyObject;
  /** Header and payload as JSON text, so that a test can write what no serialiser would. */
  signText(header: string, payload: string): string;
  sign(claims: object, header?: object): string;
}

export const b64 = (text: string | Buffer): string => Buffer.from(text).toString("base64url");

export function createSigner(kid = "key-1", alg: "EdDSA" | "ES256" = "EdDSA"): TestSigner {
  const { publicKey, privateKey } =
    alg === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const signText = (header: string, payload: string): string => {
    const input = `${b64(header)}.${b64(payload)}`;
    const signature =
      alg === "EdDSA"
        ? sign(null, Buffer.from(input), privateKey)
        : sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${input}.${b64(signature)}`;
  };
  return {
    kid,
    alg,
    publicJwk: { ...jwk, kty: String(jwk.kty), kid, alg, use: "sig" },
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    privateKey,
    signText,
    sign: (claims, header = { alg, typ: "JWT", kid }) =>
      signText(JSON.stringify(header), JSON.stringify(claims)),
  };
}

export const ISSUER = "https://shell.example/auth";
export const NOW_SECONDS = 1_800_000_000;

export function claimsAt(nowSeconds: number, overrides: object = {}): Record<string, unknown> {
  return {
    iss: ISSUER,
    aud: "orders",
    azp: "https://orders.example",
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

export function without(claims: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = claims;
  return rest;
}
