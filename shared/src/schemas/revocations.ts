/**
 * The revocation feed, `GET {issuer}/revocations` as server-sent events: first `snapshot`, then one
 * `revoked` per entry whose event id is its number in the issuer's log. For the issuer that sends
 * and the verifiers that follow.
 */
import * as z from "zod/mini";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const epochSeconds = z.number().check(z.gte(0), z.lte(Number.MAX_SAFE_INTEGER));

/**
 * Ends the tokens of a session, a user (in one tenant, if one is named), a tenant or an app that
 * were issued at `atSeconds` or before, or those that a signing key has signed. A session never comes
 * back, nor does a key that was removed, so for them the time is no limit.
 */
export interface Revocation {
  readonly kind: "session" | "user" | "tenant" | "app" | "key";
  /** Session handle, user id, tenant id, app id or key id. */
  readonly id: string;
  /** Narrows the entry to the tokens of one tenant. */
  readonly tenantId?: string | undefined;
  readonly atSeconds: number;
}

export const revocationSchema: z.ZodMiniType<Revocation> = z.object({
  kind: z.enum(["session", "user", "tenant", "app", "key"]),
  id,
  tenantId: z.optional(id),
  atSeconds: epochSeconds,
});

/**
 * How long the removal of a key matters, in seconds: a verifier that cannot reach its issuer uses a
 * key set for an hour, and caches on the way may have handed it out old.
 */
export const KEY_REMOVAL_SECONDS: number = 7_200;

/** Data of a `snapshot` event: everything that is revoked and may still have a token alive. */
export interface RevocationSnapshot {
  /** Number of the last entry that the snapshot contains. */
  readonly seq: number;
  readonly revocations: readonly Revocation[];
}
