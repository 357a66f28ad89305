/** Claims of a session token (RFC 7519, section 4.1, and the platform's own). */
import * as z from "zod/mini";
import { isKeyThumbprint } from "../tokens/proof.ts";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const seconds = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

/** RFC 7638. */
export const keyThumbprint: z.ZodMiniType<string> = z
  .string()
  .check(z.refine(isKeyThumbprint, "must be the thumbprint of a key"));

/** Names that a claims hook may not set: their values decide who the caller is. */
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
  /** Space-delimited (RFC 8693, section 4.2). Empty when the app was granted none. */
  readonly scope: string;
  /**
   * The key that the token is bound to (RFC 7800, section 3; RFC 9449, section 6.1): without a proof
   * of it the token is worth nothing. No other way of binding is known here, so others are refused.
   */
  readonly cnf?: { readonly jkt: string } | undefined;
  /** What a claims hook added. */
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
});
