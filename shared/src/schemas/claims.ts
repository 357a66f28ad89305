/** Claims of a session token: those of RFC 7519, section 4.1, and the platform's own. */
import * as z from "zod/mini";
import { isKeyThumbprint } from "../tokens/proof.ts";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const seconds = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

/** The thumbprint of a key (RFC 7638). */
export const keyThumbprint: z.ZodMiniType<string> = z
  .string()
  .check(z.refine(isKeyThumbprint, "must be a SHA-256 key thumbprint in base64url"));

/** Names that a claims hook may not set, since their values identify the caller. */
export const RESERVED_CLAIMS = [
  "iss",
  "aud",
  "azp",
  "sub",
  "userId",
  "tenantId",
  "sid",
  "jti",
  "iat",
  "nbf",
  "exp",
  "scope",
  "cnf",
  "rev",
  "act",
] as const;

export interface SessionClaims {
  /** Issuer URL, compared byte for byte. */
  readonly iss: string;
  /** App id. A list of audiences is refused: one token, one app. */
  readonly aud: string;
  /** Origin of the guest. */
  readonly azp: string;
  readonly sub: string;
  /** Same value as `sub`. */
  readonly userId: string;
  readonly tenantId: string;
  /** Session handle. */
  readonly sid: string;
  readonly jti: string;
  /** Epoch seconds, like `nbf` and `exp`. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Space-delimited (RFC 8693, section 4.2). Empty when no scope was granted. */
  readonly scope: string;
  /**
   * The key that the token is bound to (RFC 7800, section 3; RFC 9449, section 6.1). The token is
   * rejected without a proof of that key. Other confirmation methods are not supported and rejected.
   */
  readonly cnf?: { readonly jkt: string } | undefined;
  /**
   * The newest entry of the issuer's log that the token respects. Later entries of the revocation feed
   * revoke the token.
   */
  readonly rev?: number | undefined;
  /** Claims of a claims hook. */
  readonly [name: string]: unknown;
}

export const sessionClaimsSchema: z.ZodMiniType<SessionClaims> = z.looseObject({
  iss: z.string().check(z.minLength(1)),
  aud: id,
  azp: z.string().check(z.minLength(1)),
  sub: id,
  userId: id,
  tenantId: id,
  sid: id,
  jti: id,
  iat: seconds,
  nbf: seconds,
  exp: seconds,
  scope: z.string(),
  cnf: z.optional(z.strictObject({ jkt: keyThumbprint })),
  rev: z.optional(z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER))),
});
