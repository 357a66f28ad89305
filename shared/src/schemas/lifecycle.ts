/**
 * The signed call of the issuer to the backend of an app: a JSON body, and a JWS in `Authorization`
 * with the same ids and a digest of the body.
 */
import * as z from "zod/mini";
import type { LifecycleEventName } from "./installations.ts";

/** `typ` of the JWS (RFC 8725, section 3.11). It keeps these tokens and session tokens apart. */
export const LIFECYCLE_TYPE = "lifecycle+jwt";

/** A call is valid for this long. */
export const LIFECYCLE_TTL_SECONDS = 60;

/** Maximum body of a call in bytes. The body has four ids. */
export const MAX_LIFECYCLE_BODY_BYTES = 4_096;

/** The events of installations, and the erasure of a user in a tenant that has the app. */
export type LifecycleCallName = LifecycleEventName | "user-erased";

export interface LifecycleBody {
  readonly event: LifecycleCallName;
  /** The same on every attempt, and on the disconnect call of the same installation. */
  readonly installationId: string;
  readonly appId: string;
  readonly tenantId: string;
  /** Only of `user-erased`. */
  readonly userId?: string | undefined;
}

export interface LifecycleClaims {
  readonly iss: string;
  /** App id. */
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  /** A new one for each attempt. */
  readonly jti: string;
  readonly event: LifecycleCallName;
  readonly installationId: string;
  readonly tenantId: string;
  /** Only of `user-erased`. */
  readonly userId?: string | undefined;
  /** Digest of the exact body, in the form of the `Content-Digest` field (RFC 9530, section 2). */
  readonly contentDigest: string;
}

const id = z.string().check(z.minLength(1), z.maxLength(256));
const event = z.enum(["connect", "disconnect", "user-erased"]);
/** A call of an installation must not name a user, and one of a user must. */
const namesUser = z.refine<Pick<LifecycleBody, "event" | "userId">>(
  ({ event: name, userId }) => (name === "user-erased") === (userId !== undefined),
  { path: ["userId"], error: "must be there if and only if the event is user-erased" },
);
const seconds = z.int().check(z.gte(0));

export const lifecycleBodySchema: z.ZodMiniType<LifecycleBody> = z
  .object({
    event,
    installationId: id,
    appId: id,
    tenantId: id,
    userId: z.optional(id),
  })
  .check(namesUser);

export const lifecycleClaimsSchema: z.ZodMiniType<LifecycleClaims> = z
  .object({
    iss: z.string(),
    aud: id,
    iat: seconds,
    exp: seconds,
    jti: id,
    event,
    installationId: id,
    tenantId: id,
    userId: z.optional(id),
    contentDigest: z.string(),
  })
  .check(namesUser);
