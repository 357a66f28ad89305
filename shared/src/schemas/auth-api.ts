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

/** A session of the caller, as `GET /auth/session/devices` lists it. It contains no secret. */
export interface SessionDevice {
  /** Names the session. It opens nothing. */
  readonly handle: string;
  /** The active tenant of the session. */
  readonly tenantId: string;
  /** Browser and system at the sign-in, such as `Firefox on Windows`; `null` when unknown. */
  readonly device: string | null;
  /** Network at the sign-in, such as `203.0.113.0/24`; `null` when unknown. */
  readonly network: string | null;
  /** Epoch seconds. */
  readonly createdAtSeconds: number;
  /** Epoch seconds, up to an hour behind. */
  readonly lastActiveAtSeconds: number;
  /** The session of the request. */
  readonly isCurrent: boolean;
}

/** `GET /auth/session/devices` */
export interface SessionDevicesResponse {
  /** The caller's session first, on the first page; then the newest first. */
  readonly sessions: readonly SessionDevice[];
  /** For the next page; `null` on the last one. */
  readonly nextCursor: string | null;
}

export const sessionDevicesResponseSchema: z.ZodMiniType<SessionDevicesResponse> = z.object({
  sessions: z.array(
    z.object({
      handle: id,
      tenantId: id,
      device: z.nullable(z.string().check(z.maxLength(64))),
      network: z.nullable(z.string().check(z.maxLength(64))),
      createdAtSeconds: epochSeconds,
      lastActiveAtSeconds: epochSeconds,
      isCurrent: z.boolean(),
    }),
  ),
  nextCursor: z.nullable(id),
});

/** `POST /auth/session/devices/end`, request: one session, or all but the caller's */
export type EndDevicesRequest = { readonly handle: string } | { readonly others: true };

export const endDevicesRequestSchema: z.ZodMiniType<EndDevicesRequest> = z.union(
  [z.strictObject({ handle: id }), z.strictObject({ others: z.literal(true) })],
  "must be { handle } or { others: true }",
);

/** `POST /auth/session/devices/end`, response */
export interface EndDevicesResponse {
  readonly ended: number;
  /** There may be more sessions to end: repeat the request. */
  readonly hasMore: boolean;
}

export const endDevicesResponseSchema: z.ZodMiniType<EndDevicesResponse> = z.object({
  ended: z.int().check(z.gte(0)),
  hasMore: z.boolean(),
});

/** `POST /auth/login/dev` */
export interface DevLoginRequest {
  readonly userId: string;
  readonly tenantId: string;
}

export const devLoginRequestSchema: z.ZodMiniType<DevLoginRequest> = z.strictObject({
  userId: id,
  tenantId: id,
});
