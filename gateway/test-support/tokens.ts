/** Signs whatever a test wants signed. */
import { generateKeyPairSync, sign } from "node:crypto";
import type { ManifestInput } from "@breezeway/shared/schemas";

export const ISSUER = "https://shell.example/auth";
export const ORDERS_ORIGIN = "https://orders.example";
export const PANE_ORIGIN = "https://pane.example";

export const ORDERS_APP: ManifestInput = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: `${ORDERS_ORIGIN}/`,
  scopes: ["orders:read", "orders:write"],
};

export const PANE_APP: ManifestInput = {
  id: "customer-pane",
  name: "Customer pane",
  version: "1.0.0",
  url: `${PANE_ORIGIN}/`,
};

export interface TokenMaker {
  readonly jwks: { readonly keys: { kty: string; kid: string; [name: string]: unknown }[] };
  /** A good token of the orders app, with these claims changed. */
  token(claims?: object, header?: object): string;
}

let tokens = 0;

export function createTokenMaker(kid = "key-1", alg: "EdDSA" | "ES256" = "EdDSA"): TokenMaker {
  const { publicKey, privateKey } =
    alg === "EdDSA"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" };
  return {
    jwks: { keys: [{ ...jwk, kty: String(jwk.kty) }] },
    token: (claims = {}, header = { alg, typ: "JWT", kid }) => {
      const input = `${encode(header)}.${encode({ ...ordersClaims(), ...claims })}`;
      const bytes = Buffer.from(input);
      const signature =
        alg === "EdDSA"
          ? sign(null, bytes, privateKey)
          : sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${input}.${signature.toString("base64url")}`;
    },
  };
}

function ordersClaims(): Record<string, unknown> {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  tokens += 1;
  return {
    iss: ISSUER,
    aud: "orders",
    azp: ORDERS_ORIGIN,
    sub: "alice",
    userId: "alice",
    tenantId: "acme",
    sid: "session-1",
    jti: `token-${tokens}`,
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 60,
    scope: "orders:read orders:write",
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
