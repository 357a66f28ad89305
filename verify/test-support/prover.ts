/** Makes proofs of possession, right or wrong: the attacker's tool. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { b64 } from "./signer.ts";

export interface Prover {
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  readonly thumbprint: string;
  /** A good proof of this request, with members changed. */
  prove(request: ProvenRequest, payload?: object, header?: object): string;
  /** Header and payload as JSON text. */
  signText(header: string, payload: string): string;
}

export interface ProvenRequest {
  readonly method?: string;
  readonly url: string;
  readonly token: string;
  readonly nowSeconds: number;
}

export function createProver(): Prover {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const jwk = { crv: "P-256", kty: "EC", x, y };
  const signText = (header: string, payload: string): string => {
    const input = `${b64(header)}.${b64(payload)}`;
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    return `${input}.${b64(sign("sha256", Buffer.from(input), key))}`;
  };
  return {
    jwk,
    privateJwk: { ...privateKey.export({ format: "jwk" }) },
    thumbprint: createHash("sha256").update(JSON.stringify(jwk)).digest("base64url"),
    signText,
    prove: ({ method = "GET", url, token, nowSeconds }, payload = {}, header = {}) => {
      const ath = createHash("sha256").update(token).digest("base64url");
      const claims = { jti: randomUUID(), htm: method, htu: url, iat: nowSeconds, ath };
      return signText(
        JSON.stringify({ typ: "dpop+jwt", alg: "ES256", jwk, ...header }),
        JSON.stringify({ ...claims, ...payload }),
      );
    },
  };
}
