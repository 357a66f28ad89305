/** Lifecycle calls of an issuer, and forged ones of an attacker. */
import { createHash } from "node:crypto";
import { ISSUER, NOW_SECONDS, type TestSigner } from "@breezeway/test-support/signer";

export interface SignedTestCall {
  readonly headers: Record<string, string>;
  readonly rawBody: string;
}

export interface CallChanges {
  readonly claims?: object;
  readonly header?: object;
  readonly body?: object | string;
  readonly nowSeconds?: number;
}

export const BODY = {
  event: "connect",
  installationId: "connection-1",
  appId: "orders",
  tenantId: "acme",
};

export function digestOf(body: string): string {
  return `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
}

/** The token's claims match the body unless `claims` overrides them. */
export function signCall(signer: TestSigner, changes: CallChanges = {}): SignedTestCall {
  const { claims = {}, header = {}, body = BODY, nowSeconds = NOW_SECONDS } = changes;
  const rawBody = typeof body === "string" ? body : JSON.stringify(body);
  const { event, installationId, tenantId } = BODY;
  const token = signer.sign(
    {
      iss: ISSUER,
      aud: "orders",
      iat: nowSeconds,
      exp: nowSeconds + 60,
      jti: "call-1",
      event,
      installationId,
      tenantId,
      contentDigest: digestOf(rawBody),
      ...claims,
    },
    { alg: signer.alg, typ: "lifecycle+jwt", kid: signer.kid, ...header },
  );
  return {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    rawBody,
  };
}
