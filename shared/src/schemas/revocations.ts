/**
 * The revocation feed, `GET {issuer}/revocations` as server-sent events: first a `snapshot`, then one
 * `revoked` event per entry. Its event id is the entry's number in the issuer's log. The issuer sends
 * the feed, and verifiers follow it.
 */
import * as z from "zod/mini";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const logNumber = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));
const epochSeconds = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

/**
 * Revokes the tokens of a session, a user (in one tenant, if one is named), a tenant or an app from
 * before it, or all tokens that a signing key has signed. A token is from before the entry when its
 * claim `rev` is lower than `seq`. Without the two numbers, the token's `iat` must be later than
 * `atSeconds`. For sessions and keys neither matters, since a revoked session or removed key is never
 * used again.
 */
export interface Revocation {
  readonly kind: "session" | "user" | "tenant" | "app" | "key";
  /** Session handle, user id, tenant id, app id or key id. */
  readonly id: string;
  /** Narrows the entry to the tokens of one tenant. */
  readonly tenantId?: string | undefined;
  /** By the clock of the issuer process that made the entry. */
  readonly atSeconds: number;
  /** The entry's number in the issuer's log. */
  readonly seq?: number | undefined;
}

export const revocationSchema: z.ZodMiniType<Revocation> = z.object({
  kind: z.enum(["session", "user", "tenant", "app", "key"]),
  id,
  tenantId: z.optional(id),
  atSeconds: epochSeconds,
  seq: z.optional(logNumber),
});

/**
 * Seconds for which the feed repeats the removal of a key. A verifier that cannot reach its issuer
 * uses its key set for an hour, and caches on the way may have delivered a stale one.
 */
export const KEY_REMOVAL_SECONDS: number = 7_200;

/** Data of a `snapshot` event: all revocations that may still affect an unexpired token. */
export interface RevocationSnapshot {
  /** Number of the last entry in the snapshot. */
  readonly seq: number;
  readonly revocations: readonly Revocation[];
}
