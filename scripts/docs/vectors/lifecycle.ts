/** `lifecycle.json`: signed calls of the issuer to the backend of an app, good and bad. */
import { sha256, type KnownSignatures } from "./signers.ts";
import { AUDIENCE, createVectorKeys, headerOf, ISSUER, NOW_SECONDS, tokenOf } from "./tokens.ts";
import { claims as sessionClaims } from "./tokens.ts";

type Members = Record<string, unknown>;

const CALL = { event: "connect", installationId: "installation-1", tenantId: "acme" } as const;
const BODY = JSON.stringify({ ...CALL, appId: AUDIENCE });

export function lifecycleVectors(known: KnownSignatures): object {
  const { ed25519, unpublished } = createVectorKeys(known);
  const header = { ...headerOf(ed25519), typ: "lifecycle+jwt" };
  const claims = (overrides: Members = {}, body = BODY): Members => ({
    iss: ISSUER,
    aud: AUDIENCE,
    iat: NOW_SECONDS,
    exp: NOW_SECONDS + 60,
    jti: "call-1",
    ...CALL,
    contentDigest: `sha-256=:${sha256(body).toString("base64")}:`,
    ...overrides,
  });
  const call = (overrides: Members = {}, body = BODY) => ({
    authorization: `Bearer ${tokenOf(ed25519, claims(overrides, body), header)}`,
    body,
  });
  const refuse = (name: string, reason: string, made: object) => ({ name, ...made, reason });
  const disconnect = JSON.stringify({ ...CALL, event: "disconnect", appId: AUDIENCE });
  const ERASED = { ...CALL, event: "user-erased", userId: "alice" } as const;
  const erased = JSON.stringify({ ...ERASED, appId: AUDIENCE });
  const extended = JSON.stringify({ ...CALL, appId: AUDIENCE, more: true });
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    nowSeconds: NOW_SECONDS,
    jwks: { keys: [{ ...ed25519.publicJwk, kid: ed25519.kid, alg: "EdDSA", use: "sig" }] },
    cases: [
      { name: "a connect", ...call(), event: { ...CALL, appId: AUDIENCE } },
      {
        name: "a disconnect",
        ...call({ event: "disconnect" }, disconnect),
        event: { ...CALL, event: "disconnect", appId: AUDIENCE },
      },
      {
        name: "an erased user",
        ...call(ERASED, erased),
        event: { ...ERASED, appId: AUDIENCE },
      },
      {
        name: "a member of the body that is not known",
        ...call({}, extended),
        event: { ...CALL, appId: AUDIENCE },
      },
      refuse("no credential", "token-missing", { body: BODY }),
      refuse("another body", "token-signature", { ...call(), body: disconnect }),
      refuse("a body with a space at its end", "token-signature", { ...call(), body: `${BODY} ` }),
      refuse("a body that says something else", "request-malformed", call({}, disconnect)),
      refuse(
        "a body that erases another user",
        "request-malformed",
        call({ ...ERASED, userId: "bob" }, erased),
      ),
      refuse("an erasure of nobody", "token-malformed", call({ event: "user-erased" }, erased)),
      refuse("a connect of a user", "token-malformed", call({ userId: "alice" })),
      refuse("another app", "audience-mismatch", call({ aud: "inspector" })),
      refuse("another issuer", "issuer-mismatch", call({ iss: "https://evil.example" })),
      refuse(
        "a call that has expired",
        "token-expired",
        call({ iat: NOW_SECONDS - 65, exp: NOW_SECONDS - 5 }),
      ),
      refuse(
        "a call from the future",
        "iat-future",
        call({ iat: NOW_SECONDS + 6, exp: NOW_SECONDS + 66 }),
      ),
      refuse("a life of 61 s", "token-malformed", call({ exp: NOW_SECONDS + 61 })),
      refuse("a session token", "token-malformed", {
        authorization: `Bearer ${tokenOf(ed25519, sessionClaims())}`,
        body: BODY,
      }),
      refuse("a key that is not published", "key-unknown", {
        authorization: `Bearer ${tokenOf(unpublished, claims(), { ...header, kid: "key-5" })}`,
        body: BODY,
      }),
    ],
  };
}
