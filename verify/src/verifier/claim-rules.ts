/**
 * What the claims of a token with a good signature must say. Called after the signature was
 * checked, never before: an answer that depends on claims is an answer only to their author.
 */
import { BridgeError } from "@breezeway/shared";
import { sessionClaimsSchema, type SessionClaims } from "@breezeway/shared/schemas";
import { compile, safeParse } from "zod/mini";
import { malformed } from "../token/compact.ts";
import { parseStrictObject } from "../token/strict-json.ts";

/** The apps whose tokens are accepted. A `Set` fits; so does anything that changes over time. */
export interface AudienceSet {
  has(appId: string): boolean;
}

export interface ClaimRules {
  readonly issuer: string;
  readonly audience: AudienceSet;
  readonly maxClockSkewSeconds: number;
  readonly maxLifetimeSeconds: number;
}

/** What one request adds to the rules. */
export interface VerifyRequest {
  /** The request's `Origin` header. Absent: the token's `azp` is not compared with anything. */
  readonly origin?: string | undefined;
  /** Scopes that the token must all have. */
  readonly scopes?: readonly string[] | undefined;
  /** The tenant that the request speaks of, such as an `X-Tenant-ID` header. */
  readonly tenantId?: string | undefined;
  /**
   * The key that the request has a proof of, out of a `ProofVerifier` and nothing else. A token that is
   * bound to a key is refused without it, and one that is not, with it.
   */
  readonly proofKeyThumbprint?: string | undefined;
}

// RFC 6749, section 3.3, and exactly one space between two of them.
const SCOPE = /^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/;

// zod makes one function of it, or leaves it as it is where no code may be made from strings.
const claimsSchema = compile(sessionClaimsSchema);

/** @throws {BridgeError} TOKEN_MALFORMED */
export function parseClaims(payload: Buffer): SessionClaims {
  const members = parseStrictObject(payload);
  if (members === undefined) throw malformed("its payload is not a JSON object of unique names");
  const result = safeParse(claimsSchema, members);
  if (!result.success) {
    const names = result.error.issues.map(({ path }) => path.join("."));
    throw malformed(`a required claim is missing or has the wrong type (${names.join(", ")})`);
  }
  const claims = result.data;
  if (claims.userId !== claims.sub) throw malformed("its userId is not its sub");
  if (claims.exp <= claims.iat) throw malformed("it ends before it begins");
  if (!SCOPE.test(claims.scope)) throw malformed("its scope is not a list of scopes");
  return claims;
}

/**
 * Rules that depend on the verifier and on the time.
 *
 * @throws {BridgeError} ISSUER_MISMATCH, AUDIENCE_MISMATCH, TOKEN_EXPIRED, TOKEN_NOT_YET,
 * IAT_FUTURE, TOKEN_MALFORMED
 */
export function checkClaims(claims: SessionClaims, rules: ClaimRules, nowMs: number): void {
  if (claims.iss !== rules.issuer) {
    throw new BridgeError("ISSUER_MISMATCH", "The session token comes from another issuer.");
  }
  checkAudience(claims, rules.audience);
  if (claims.exp - claims.iat > rules.maxLifetimeSeconds) {
    throw malformed("it lives longer than a session token may");
  }
  const nowSeconds = nowMs / 1_000;
  if (nowSeconds >= claims.exp + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_EXPIRED", "The session token has expired.");
  }
  if (claims.nbf > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("TOKEN_NOT_YET", "The session token is not valid yet.");
  }
  if (claims.iat > nowSeconds + rules.maxClockSkewSeconds) {
    throw new BridgeError("IAT_FUTURE", "The session token was issued in the future.");
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
    throw new BridgeError("TENANT_MISMATCH", "The request names another tenant than the token.");
  }
  if (scopes?.every((scope) => granted.includes(scope)) === false) {
    throw new BridgeError("SCOPE_MISSING", "The session token lacks a scope that is needed.", {
      details: { scopes },
    });
  }
}
