/**
 * Checks the claims of a token whose signature is valid. Claims are never read before the signature
 * was checked: an error that depends on claims would tell a forger what to change.
 */
import { BridgeError } from "@breezeway/shared";
import { sessionClaimsSchema, type SessionClaims } from "@breezeway/shared/schemas";
import { compile, safeParse } from "zod/mini";
import { malformed } from "../token/compact.ts";
import { parseStrictObject } from "../token/strict-json.ts";

/** The accepted apps: a `Set`, or an object whose answer may change over time. */
export interface AudienceSet {
  has(appId: string): boolean;
}

export interface ClaimRules {
  readonly issuer: string;
  readonly audience: AudienceSet;
  readonly maxClockSkewSeconds: number;
  readonly maxLifetimeSeconds: number;
}

/** Checks that one request adds. */
export interface VerifyRequest {
  /** The `Origin` header of the request. When absent, the `azp` claim is not checked. */
  readonly origin?: string | undefined;
  /** The token must have all of these scopes. */
  readonly scopes?: readonly string[] | undefined;
  /** The tenant that the request names, such as in an `X-Tenant-ID` header. */
  readonly tenantId?: string | undefined;
  /**
   * Thumbprint of the key that the request proved. It must come from a `ProofVerifier`. A token that
   * is bound to a key is rejected without it, and an unbound token is rejected with it.
   */
  readonly proofKeyThumbprint?: string | undefined;
}

// Scopes of RFC 6749, section 3.3, separated by exactly one space.
const SCOPE = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;

// zod generates one function from the schema, except in runtimes that forbid code from strings.
const claimsSchema = compile(sessionClaimsSchema);

/** @throws {BridgeError} TOKEN_MALFORMED */
export function parseClaims(payload: Buffer): SessionClaims {
  const members = parseStrictObject(payload);
  if (members === undefined) throw malformed("its payload is not a JSON object with unique names");
  const result = safeParse(claimsSchema, members);
  if (!result.success) {
    const names = result.error.issues.map(({ path }) => path.join("."));
    throw malformed(`a required claim is missing or has the wrong type (${names.join(", ")})`);
  }
  const claims = result.data;
  if (claims.userId !== claims.sub) throw malformed("userId and sub differ");
  if (claims.exp <= claims.iat) throw malformed("exp is not after iat");
  if (!SCOPE.test(claims.scope))
    throw malformed("scope is not a list of scopes with single spaces");
  return claims;
}

/**
 * Checks the claims against the rules of the verifier and the time.
 *
 * @throws {BridgeError} ISSUER_MISMATCH, AUDIENCE_MISMATCH, TOKEN_EXPIRED, TOKEN_NOT_YET,
 * IAT_FUTURE, TOKEN_MALFORMED
 */
export function checkClaims(claims: SessionClaims, rules: ClaimRules, nowMs: number): void {
  if (claims.iss !== rules.issuer) {
    throw new BridgeError("ISSUER_MISMATCH", "The session token was signed for another issuer.");
  }
  checkAudience(claims, rules.audience);
  if (claims.exp - claims.iat > rules.maxLifetimeSeconds) {
    throw malformed(`exp - iat is more than ${rules.maxLifetimeSeconds} seconds`);
  }
  const nowSeconds = nowMs / 1_000;
  if (nowSeconds >= claims.exp + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_EXPIRED", "The session token has expired.");
  }
  if (claims.nbf > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_NOT_YET", "The nbf of the session token is in the future.");
  }
  if (claims.iat > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("IAT_FUTURE", "The iat of the session token is in the future.");
  }
}

/** @throws {BridgeError} AUDIENCE_MISMATCH */
export function checkAudience(claims: SessionClaims, audience: AudienceSet): void {
  if (!audience.has(claims.aud)) {
    throw new BridgeError("AUDIENCE_MISMATCH", "The session token was made for another app.");
  }
}

/** @throws {BridgeError} AZP_MISMATCH, TENANT_MISMATCH, SCOPE_MISSING */
export function checkRequest(
  claims: SessionClaims,
  granted: readonly string[],
  { origin, scopes, tenantId }: VerifyRequest,
): void {
  if (origin !== undefined && origin !== claims.azp) {
    throw new BridgeError("AZP_MISMATCH", "The session token was made for another origin.");
  }
  if (tenantId !== undefined && tenantId !== claims.tenantId) {
    throw new BridgeError(
      "TENANT_MISMATCH",
      "The request and the session token name different tenants.",
    );
  }
  if (scopes?.every((scope) => granted.includes(scope)) === false) {
    throw new BridgeError("SCOPE_MISSING", "The session token lacks a required scope.", {
      details: { scopes },
    });
  }
}
