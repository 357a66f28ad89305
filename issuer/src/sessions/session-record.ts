/** A session in memory, and its conversion to and from the table row. */
import type { SessionSummary } from "@breezeway/shared/schemas";
import { toSeconds } from "../time.ts";
import type { SessionRow } from "../store/schema.ts";

/** The rights of a user in one tenant. */
export interface TenantAccess {
  /** Scopes such as `orders:read`. A token carries the ones that its app has, too. */
  readonly scopes: readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

/** A secret that was issued beside the current one, for the same previous secret. */
export interface SiblingSecret {
  readonly hash: string;
  /** The beginning of the grace in which it was issued. */
  readonly sinceMs: number;
}

export interface SessionRecord {
  readonly handle: string;
  readonly selectorHash: string;
  readonly secretHash: string;
  readonly previousSecretHash: string | undefined;
  readonly previousSinceMs: number | undefined;
  /** Secrets that are as good as the current one, the latest one first. */
  readonly siblings: readonly SiblingSecret[];
  readonly userId: string;
  readonly tenantId: string;
  readonly tenants: Readonly<Record<string, TenantAccess>>;
  readonly claims: Claims;
  readonly data: Claims;
  readonly createdAtMs: number;
  readonly lastActiveAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | undefined;
  readonly revokedReason: string | undefined;
  readonly device: string | undefined;
  readonly network: string | undefined;
}

/** A session as the programmatic API returns it. It contains no secret. */
export interface SessionInfo {
  /** Identifies the session; the `sid` of its tokens. */
  readonly handle: string;
  readonly userId: string;
  /** The active tenant. */
  readonly tenantId: string;
  /** Tenants that the user can switch to, including the active one, with the scopes in each. */
  readonly tenants: Readonly<Record<string, TenantAccess>>;
  /** Scopes in the active tenant. */
  readonly scopes: readonly string[];
  /** Custom claims of every token of the session. */
  readonly claims: Claims;
  /** Kept on the server, never sent to a browser. */
  readonly data: Claims;
  readonly createdAtSeconds: number;
  readonly lastActiveAtSeconds: number;
  /** The absolute end of the session. The idle timeout may end it sooner. */
  readonly expiresAtSeconds: number;
  /**
   * Browser and system at the sign-in, such as `Firefox on Windows`; at most 64 characters. Absent when
   * unknown, or when the option `sessions.device` is `none`.
   */
  readonly device?: string;
  /**
   * Network at the sign-in, such as `203.0.113.0/24` or `2001:db8:1::/48`. Absent when unknown, or when the
   * option `sessions.device` is not `full`.
   */
  readonly network?: string;
}

// Only this package writes the columns with JSON, and it parsed the values before.
export function fromRow(row: SessionRow): SessionRecord {
  return {
    handle: row.handle,
    selectorHash: row.selector_hash,
    secretHash: row.secret_hash,
    previousSecretHash: row.previous_secret_hash ?? undefined,
    previousSinceMs: row.previous_since_ms ?? undefined,
    siblings: JSON.parse(row.siblings) as SiblingSecret[],
    userId: row.user_id,
    tenantId: row.tenant_id,
    tenants: JSON.parse(row.tenants) as Record<string, TenantAccess>,
    claims: JSON.parse(row.claims) as Claims,
    data: JSON.parse(row.data) as Claims,
    createdAtMs: row.created_at_ms,
    lastActiveAtMs: row.last_active_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    revokedReason: row.revoked_reason ?? undefined,
    device: row.device ?? undefined,
    network: row.network ?? undefined,
  };
}

/** The columns of the secrets. */
export function secretColumns(
  secrets: Pick<
    SessionRecord,
    "secretHash" | "previousSecretHash" | "previousSinceMs" | "siblings"
  >,
): Pick<SessionRow, "secret_hash" | "previous_secret_hash" | "previous_since_ms" | "siblings"> {
  return {
    secret_hash: secrets.secretHash,
    previous_secret_hash: secrets.previousSecretHash ?? null,
    previous_since_ms: secrets.previousSinceMs ?? null,
    siblings: JSON.stringify(secrets.siblings),
  };
}

/** For a day, a client of an ended session still learns why the session ended. */
export const KEEP_ENDED_MS: number = 24 * 3_600_000;

export function toRow(record: SessionRecord): SessionRow {
  return {
    handle: record.handle,
    selector_hash: record.selectorHash,
    ...secretColumns(record),
    user_id: record.userId,
    tenant_id: record.tenantId,
    tenants: JSON.stringify(record.tenants),
    claims: JSON.stringify(record.claims),
    data: JSON.stringify(record.data),
    created_at_ms: record.createdAtMs,
    last_active_at_ms: record.lastActiveAtMs,
    expires_at_ms: record.expiresAtMs,
    revoked_at_ms: record.revokedAtMs ?? null,
    revoked_reason: record.revokedReason ?? null,
    review_at_ms: record.createdAtMs + KEEP_ENDED_MS,
    device: record.device ?? null,
    network: record.network ?? null,
  };
}

/** Scopes of the active tenant. */
export function activeScopes(
  record: Pick<SessionRecord, "tenants" | "tenantId">,
): readonly string[] {
  return Object.hasOwn(record.tenants, record.tenantId)
    ? (record.tenants[record.tenantId]?.scopes ?? [])
    : [];
}

export function toInfo(record: SessionRecord): SessionInfo {
  return {
    handle: record.handle,
    userId: record.userId,
    tenantId: record.tenantId,
    tenants: record.tenants,
    scopes: activeScopes(record),
    claims: record.claims,
    data: record.data,
    createdAtSeconds: toSeconds(record.createdAtMs),
    lastActiveAtSeconds: toSeconds(record.lastActiveAtMs),
    expiresAtSeconds: toSeconds(record.expiresAtMs),
    ...(record.device === undefined ? {} : { device: record.device }),
    ...(record.network === undefined ? {} : { network: record.network }),
  };
}

/** The part for the host page: no server-side data, no scopes of other tenants. */
export function toSummary(record: SessionRecord): SessionSummary {
  return {
    handle: record.handle,
    userId: record.userId,
    tenantId: record.tenantId,
    tenants: Object.keys(record.tenants),
    scopes: activeScopes(record),
    claims: record.claims,
    createdAtSeconds: toSeconds(record.createdAtMs),
    expiresAtSeconds: toSeconds(record.expiresAtMs),
  };
}
