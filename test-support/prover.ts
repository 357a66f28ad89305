/** A client that holds a key and makes proofs of possession, right or wrong. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { base64url } from "./signer.ts";

/** The public address of the test gateways. */
export const PUBLIC_URL = "https://api.example";

export interface ProvenRequest {
  readonly method?: string;
  readonly url: string;
  readonly token: string;
  readonly nowSeconds: number;
}

export interface Prover {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  readonly thumbprint: string;
  /** The claims of a token that is bound to the key. */
  readonly bound: { readonly cnf: { readonly jkt: string } };
  /** A good proof of this request, with members changed. */
  prove(request: ProvenRequest, payload?: object, header?: object): string;
  /** `Authorization` and `DPoP` for a GET of a path below {@link PUBLIC_URL}, with claims of the proof changed. */
  headers(token: string, path: string, payload?: object): Record<string, string>;
  /** Takes header and payload as JSON text. */
  signText(header: string, payload: string): string;
}

export function createProver(): Prover {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const jwk = { crv: "P-256", kty: "EC", x, y };
  const thumbprint = hash(JSON.stringify(jwk));
  const signText = (header: string, payload: string): string => {
    const input = `${base64url(header)}.${base64url(payload)}`;
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    return `${input}.${base64url(sign("sha256", Buffer.from(input), key))}`;
  };
  const prove: Prover["prove"] = (
    { method = "GET", url, token, nowSeconds },
    payload = {},
    header = {},
  ) => {
    const claims = { jti: randomUUID(), htm: method, htu: url, iat: nowSeconds, ath: hash(token) };
    return signText(
      JSON.stringify({ typ: "dpop+jwt", alg: "ES256", jwk, ...header }),
      JSON.stringify({ ...claims, ...payload }),
    );
  };
  return {
    jwk,
    privateJwk: { ...privateKey.export({ format: "jwk" }) },
    thumbprint,
    bound: { cnf: { jkt: thumbprint } },
    prove,
    headers: (token, path, payload = {}) => {
      const nowSeconds = Math.floor(Date.now() / 1_000);
      const dpop = prove({ url: PUBLIC_URL + path, token, nowSeconds }, payload);
      return { authorization: `DPoP ${token}`, dpop };
    },
    signText,
  };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
