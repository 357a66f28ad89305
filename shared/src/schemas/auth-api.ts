/** Bodies of the issuer's HTTP endpoints. The issuer sends them, and the host reads them. */
import * as z from "zod/mini";
import type { GuestSession } from "../protocol/session.ts";
import { keyThumbprint } from "./claims.ts";

/** Carries the session secret of a program without a browser, in both directions. */
export const SESSION_HEADER = "x-breezeway-session";
/** {@link SESSION_HEADER} of a sign-in by a program that has no session yet. */
export const NEW_SESSION = "new";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const epochSeconds = z.number().check(z.gte(0));

/** `GET /auth/session` */
export interface SessionSummary {
  readonly handle: string;
  readonly userId: string;
  readonly tenantId: string;
  /** Tenants that the user can switch to, the active one included. */
  readonly tenants: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly createdAtSeconds: number;
  /** Absolute end of the session. It may end earlier, when it is idle. */
  readonly expiresAtSeconds: number;
}

export const sessionSummarySchema: z.ZodMiniType<SessionSummary> = z.object({
  handle: id,
  userId: id,
  tenantId: id,
  tenants: z.array(id),
  scopes: z.array(z.string()),
  claims: z.record(z.string(), z.unknown()),
  createdAtSeconds: epochSeconds,
  expiresAtSeconds: epochSeconds,
});

/** Returns the part of a session that guests receive. */
export function guestSession(summary: SessionSummary | null): GuestSession | null {
  return summary && { userId: summary.userId, tenantId: summary.tenantId, handle: summary.handle };
}

/** `POST /auth/session/token`, request */
export interface TokenRequest {
  readonly appId: string;
  /** Binds the token to this key (RFC 7638). */
  readonly proofKeyThumbprint?: string | undefined;
}

export const tokenRequestSchema: z.ZodMiniType<TokenRequest> = z.strictObject({
  appId: id,
  proofKeyThumbprint: z.optional(keyThumbprint),
});

/** `POST /auth/session/token`, response */
export interface TokenResponse {
  /** Compact JWT. */
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

export const tokenResponseSchema: z.ZodMiniType<TokenResponse> = z.object({
  token: z.string(),
  expiresAt: epochSeconds,
});

/** `POST /auth/session/tenant` */
export interface TenantRequest {
  readonly tenantId: string;
}

export const tenantRequestSchema: z.ZodMiniType<TenantRequest> = z.strictObject({ tenantId: id });

/** `POST /auth/login/dev` */
export interface DevLoginRequest {
  readonly userId: string;
  readonly tenantId: string;
}

export const devLoginRequestSchema: z.ZodMiniType<DevLoginRequest> = z.strictObject({
  userId: id,
  tenantId: id,
});
