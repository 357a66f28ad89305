/** A client that holds a key, and proves it: rightly, or not. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";

/** Where the clients of the test gateways think that they are. */
export const PUBLIC_URL = "https://api.example";

export interface Prover {
  /** The claims of a token that is bound to the key. */
  readonly bound: { readonly cnf: { readonly jkt: string } };
  /** `Authorization` and `DPoP` of a GET of a path, with claims of the proof changed. */
  headers(token: string, path: string, payload?: object): Record<string, string>;
}

export function createProver(): Prover {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const jwk = { crv: "P-256", kty: "EC", x, y };
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64url");
  return {
    bound: { cnf: { jkt: hash(JSON.stringify(jwk)) } },
    headers: (token, path, payload = {}) => {
      const iat = Math.floor(Date.now() / 1_000);
      const claims = { jti: randomUUID(), htm: "GET", htu: PUBLIC_URL + path, iat };
      const header = encode({ typ: "dpop+jwt", alg: "ES256", jwk });
      const input = `${header}.${encode({ ...claims, ath: hash(token), ...payload })}`;
      const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
      const signature = sign("sha256", Buffer.from(input), key).toString("base64url");
      return { authorization: `DPoP ${token}`, dpop: `${input}.${signature}` };
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
