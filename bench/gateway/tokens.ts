/** Tokens for the contenders, with the key that verifies them. */
import { generateKeyPairSync, sign, type JsonWebKey } from "node:crypto";

export const ISSUER = "https://shell.example/auth";

export interface TokenSource {
  readonly jwk: JsonWebKey & { readonly kid: string; readonly kty: string };
  next(): string;
}

export function createTokenSource(): TokenSource {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const kid = "bench-1";
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ alg: "EdDSA", typ: "JWT", kid });
  let count = 0;
  return {
    jwk: { ...publicKey.export({ format: "jwk" }), kid, kty: "OKP", alg: "EdDSA", use: "sig" },
    next: () => {
      count += 1;
      const iat = Math.floor(Date.now() / 1_000);
      const user = `user-${count}`;
      const payload = encode({
        ...{ iss: ISSUER, aud: "orders", azp: "https://orders.example", sub: user, userId: user },
        ...{ tenantId: "acme", sid: `session-${count}`, jti: `token-${count}` },
        ...{ iat, nbf: iat, exp: iat + 300, scope: "orders:read orders:write" },
      });
      const input = `${header}.${payload}`;
      return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
    },
  };
}
