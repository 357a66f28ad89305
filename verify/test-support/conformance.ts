/** One table of the answers that every adapter must give, byte for byte. */
import type { ErrorAction, ErrorReason } from "@breezeway/shared";
import type { RequestOptions } from "@breezeway/test-support/http-client";
import { createProver } from "@breezeway/test-support/prover";
import { claimsAt, createSigner, type TestSigner } from "@breezeway/test-support/signer";
import { PUBLIC_URL, type Variant } from "./variants.ts";

export const signer: TestSigner = createSigner();
const stranger = createSigner("key-1");
const unpublished = createSigner("key-9");

const prover = createProver();

export const ORIGIN = "https://orders.example";

export interface Case {
  readonly name: string;
  readonly variant?: Variant;
  readonly path?: string;
  readonly request: (issuer: string, nowSeconds: number, url: string) => RequestOptions;
  readonly expected: Expected;
}

export type Expected =
  | { readonly status: 200; readonly body: object }
  | { readonly status: 204 }
  | {
      readonly status: number;
      readonly reason: ErrorReason;
      readonly action: ErrorAction;
      readonly challenge?: string;
      readonly retryAfter?: string;
    };

const BOUND = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
const ALICE: Expected = { status: 200, body: { user: "alice", tenant: "acme" } };
const bearer = (token: string): RequestOptions => ({
  headers: { authorization: `Bearer ${token}` },
});
const invalid = (reason: ErrorReason, action: ErrorAction): Expected => ({
  status: 401,
  reason,
  action,
  challenge: `Bearer error="invalid_token", error_description="${reason}"`,
});
const unproven: Expected = {
  status: 401,
  reason: "proof-invalid",
  action: "refresh",
  challenge: 'DPoP error="invalid_dpop_proof", error_description="proof-invalid", algs="ES256"',
};
const forbidden = (reason: ErrorReason, scope = ""): Expected => ({
  status: 403,
  reason,
  action: "none",
  challenge: `Bearer error="insufficient_scope", error_description="${reason}"${scope}`,
});

/** A request of alice, optionally with other claims, another signer, or further headers. */
function alice(
  claims: object | ((nowSeconds: number) => object) = {},
  headers: Record<string, string> = {},
  by: TestSigner = signer,
): Case["request"] {
  return (issuer, nowSeconds) => {
    const overrides = typeof claims === "function" ? claims(nowSeconds) : claims;
    const token = by.sign(claimsAt(nowSeconds, { iss: issuer, ...overrides }));
    return { headers: { ...bearer(token).headers, ...headers } };
  };
}

/** A request of alice with a key-bound token and a proof of its key. */
function proven(path?: string): Case["request"] {
  return (issuer, nowSeconds, url) => {
    const cnf = { jkt: prover.thumbprint };
    const token = signer.sign(claimsAt(nowSeconds, { iss: issuer, cnf }));
    const asked = PUBLIC_URL + (path ?? new URL(url).pathname);
    const dpop = prover.prove({ url: asked, token, nowSeconds });
    return { headers: { authorization: `DPoP ${token}`, dpop } };
  };
}

export const TWO_CREDENTIALS = "two credentials";
export const aliceRequest: Case["request"] = alice();

const preflightHeaders = { origin: ORIGIN, "access-control-request-method": "GET" };

export const cases: readonly Case[] = [
  { name: "a valid token", request: alice(), expected: ALICE },
  {
    name: "a valid token from its origin, for its tenant",
    request: alice({}, { origin: ORIGIN, "x-tenant-id": "acme" }),
    expected: ALICE,
  },
  {
    name: "the scheme in lower case",
    request: (issuer, now) => ({
      headers: { authorization: `bearer ${signer.sign(claimsAt(now, { iss: issuer }))}` },
    }),
    expected: ALICE,
  },
  {
    name: "no credential",
    request: () => ({}),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "a credential of another scheme",
    request: () => ({ headers: { authorization: "Basic YWxpY2U6" } }),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "a token in the query only",
    path: "/orders?access_token=x",
    request: () => ({}),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "a malformed token",
    request: () => bearer("abc.def"),
    expected: invalid("token-malformed", "refresh"),
  },
  {
    name: "extra text after the token",
    request: () => bearer("abc def"),
    expected: invalid("token-malformed", "refresh"),
  },
  {
    name: "a wrong signature",
    request: alice({}, {}, stranger),
    expected: invalid("token-signature", "refresh"),
  },
  {
    name: "an unknown key",
    request: alice({}, {}, unpublished),
    expected: invalid("key-unknown", "refresh"),
  },
  {
    name: "another algorithm",
    request: alice({}, {}, createSigner("key-1", "ES256")),
    expected: invalid("token-alg", "none"),
  },
  {
    name: "an expired token",
    request: alice((now) => ({ iat: now - 120, nbf: now - 120, exp: now - 60 })),
    expected: invalid("token-expired", "refresh"),
  },
  {
    name: "a token that is not valid yet",
    request: alice((now) => ({ nbf: now + 30 })),
    expected: invalid("token-not-yet", "wait"),
  },
  {
    name: "a token issued in the future",
    request: alice((now) => ({ iat: now + 30 })),
    expected: invalid("iat-future", "wait"),
  },
  {
    name: "another issuer",
    request: alice({ iss: "https://evil.example" }),
    expected: invalid("issuer-mismatch", "none"),
  },
  {
    name: "another audience",
    request: alice({ aud: "inspector" }),
    expected: invalid("audience-mismatch", "none"),
  },
  {
    name: "another origin",
    request: alice({}, { origin: "https://evil.example" }),
    expected: invalid("azp-mismatch", "none"),
  },
  {
    name: "another tenant",
    request: alice({}, { "x-tenant-id": "globex" }),
    expected: forbidden("tenant-mismatch"),
  },
  {
    name: "a key-bound token as Bearer",
    request: alice({ cnf: { jkt: BOUND } }),
    expected: invalid("proof-invalid", "refresh"),
  },
  {
    name: "a key-bound token with a proof, where proofs are not configured",
    request: (issuer, now) => {
      const token = signer.sign(claimsAt(now, { iss: issuer, cnf: { jkt: BOUND } }));
      return { headers: { authorization: `DPoP ${token}`, dpop: "a.b.c" } };
    },
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "a key-bound token with a proof of its key",
    variant: "proofs",
    path: "/orders?full=1",
    request: proven(),
    expected: ALICE,
  },
  {
    name: "a key-bound token with a proof for another path",
    variant: "proofs",
    request: proven("/elsewhere"),
    expected: unproven,
  },
  {
    name: "a key-bound token as Bearer, where proofs are configured",
    variant: "proofs",
    request: alice({ cnf: { jkt: BOUND } }),
    expected: unproven,
  },
  {
    name: "a missing scope",
    request: alice({ scope: "orders:write" }),
    expected: forbidden("scope-missing", ', scope="orders:read"'),
  },
  {
    name: TWO_CREDENTIALS,
    request: (issuer, now) => {
      const token = signer.sign(claimsAt(now, { iss: issuer }));
      return { headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } };
    },
    expected: { status: 400, reason: "duplicate-credentials", action: "none" },
  },
  {
    name: "a CORS preflight",
    request: () => ({ method: "OPTIONS", headers: preflightHeaders }),
    expected: { status: 204 },
  },
  {
    name: "OPTIONS without an origin",
    request: () => ({ method: "OPTIONS", headers: { "access-control-request-method": "GET" } }),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "OPTIONS without Access-Control-Request-Method",
    request: () => ({ method: "OPTIONS", headers: { origin: ORIGIN } }),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "a GET with the headers of a preflight",
    request: () => ({ headers: preflightHeaders }),
    expected: { status: 401, reason: "token-missing", action: "login", challenge: "Bearer" },
  },
  {
    name: "an optional session with a token",
    path: "/",
    request: alice(),
    expected: { status: 200, body: { user: "alice" } },
  },
  {
    name: "an optional session without a token",
    path: "/",
    request: () => ({}),
    expected: { status: 200, body: { user: null } },
  },
  {
    name: "an optional session with a bad token",
    path: "/",
    request: alice({}, {}, stranger),
    expected: invalid("token-signature", "refresh"),
  },
  {
    name: "a claim with the expected value",
    variant: "claims",
    request: alice({ org_role: "admin" }),
    expected: ALICE,
  },
  {
    name: "a claim with another value",
    variant: "claims",
    request: alice({ org_role: "member" }),
    expected: forbidden("claim-rejected"),
  },
  {
    name: "a missing claim",
    variant: "claims",
    request: alice(),
    expected: forbidden("claim-rejected"),
  },
  {
    name: "a session that was not revoked",
    variant: "revocation",
    request: alice(),
    expected: ALICE,
  },
  {
    name: "a revoked session",
    variant: "revocation",
    request: alice({ sid: "session-revoked" }),
    expected: invalid("session-revoked", "login"),
  },
  {
    name: "unreachable keys",
    variant: "keys unreachable",
    request: alice(),
    expected: { status: 503, reason: "keys-unavailable", action: "wait", retryAfter: "1" },
  },
];
