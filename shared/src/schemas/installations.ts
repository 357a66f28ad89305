/**
 * Installations of apps in tenants, as the issuer sends them to the host page and to the backend of
 * an app.
 */
import * as z from "zod/mini";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const epochSeconds = z.number().check(z.gte(0));

/**
 * `installing`: the issuer calls the app's backend to connect; `setup`: the app's setup page must
 * finish; `uninstalling`: the issuer calls the backend to disconnect.
 */
export type InstallationState =
  | "installing"
  | "setup"
  | "installed"
  | "failed"
  | "uninstalling"
  | "uninstalled";

/** The two calls to the backend of an app. */
export type LifecycleEventName = "connect" | "disconnect";

/**
 * `refused`: the backend rejected the call; `redirected`: it answered with a redirect, which is not
 * followed; `private-address`: the issuer does not call its address; `unreachable`, `timeout`,
 * `server-error`: every attempt failed; `app-unknown`: the app is no longer registered.
 */
export type InstallationFailureReason =
  | "refused"
  | "redirected"
  | "private-address"
  | "unreachable"
  | "timeout"
  | "server-error"
  | "app-unknown";

export interface InstallationFailure {
  /** The call that failed. */
  readonly event: LifecycleEventName;
  readonly reason: InstallationFailureReason;
  /**
   * The text of the app's backend, at most {@link MAX_FAILURE_DETAIL} characters. It comes from a
   * third party: show it as text, never as markup.
   */
  readonly detail?: string | undefined;
}

/** An app in a tenant. */
export interface Installation {
  /** Random. An app that is installed again gets a new id. */
  readonly id: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly state: InstallationState;
  /** Only in state `failed`. */
  readonly failure?: InstallationFailure | undefined;
  readonly createdAtSeconds: number;
  /** Start of the current state, in epoch seconds. */
  readonly changedAtSeconds: number;
}

export const MAX_FAILURE_DETAIL = 300;

const event = z.enum(["connect", "disconnect"]);

export const installationSchema: z.ZodMiniType<Installation> = z.object({
  id,
  appId: id,
  tenantId: id,
  state: z.enum(["installing", "setup", "installed", "failed", "uninstalling", "uninstalled"]),
  failure: z.optional(
    z.object({
      event,
      reason: z.enum([
        "refused",
        "redirected",
        "private-address",
        "unreachable",
        "timeout",
        "server-error",
        "app-unknown",
      ]),
      detail: z.optional(z.string().check(z.maxLength(MAX_FAILURE_DETAIL))),
    }),
  ),
  createdAtSeconds: epochSeconds,
  changedAtSeconds: epochSeconds,
});

/** `POST /auth/installations/…`, request */
export interface InstallationRequest {
  readonly appId: string;
  /** The tenant that the page shows. Any tenant but the session's active one is refused. */
  readonly tenantId: string;
}

export const installationRequestSchema: z.ZodMiniType<InstallationRequest> = z.strictObject({
  appId: id,
  tenantId: id,
});

/** `POST /auth/installations/…`, answer; `null` when the app was never installed. */
export interface InstallationResponse {
  readonly installation: Installation | null;
}

export const installationResponseSchema: z.ZodMiniType<InstallationResponse> = z.object({
  installation: z.nullable(installationSchema),
});

/** `GET /auth/installations` */
export interface InstallationListResponse {
  readonly installations: readonly Installation[];
}

export const installationListResponseSchema: z.ZodMiniType<InstallationListResponse> = z.object({
  installations: z.array(installationSchema),
});

/** The scopes of an app that a tenant has agreed to. */
export interface Grant {
  readonly appId: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
  /** The app's revision at the last change; 0 for an app of a file. */
  readonly appRevision: number;
  /** Who changed it last. */
  readonly actor?: string | undefined;
  readonly changedAtSeconds: number;
}

const scopes = z.array(z.string().check(z.maxLength(128))).check(z.maxLength(1_000));

export const grantSchema: z.ZodMiniType<Grant> = z.object({
  appId: id,
  tenantId: id,
  scopes,
  appRevision: z.number().check(z.gte(0)),
  actor: z.optional(id),
  changedAtSeconds: epochSeconds,
});

/** `POST /auth/installations/grant`, request */
export interface GrantRequest extends InstallationRequest {
  readonly scopes: readonly string[];
  /**
   * `true`: the tenant also grants these scopes. Default `false`: it grants these and no others, and the wishes for the app
   * are settled.
   */
  readonly add?: boolean | undefined;
}

export const grantRequestSchema: z.ZodMiniType<GrantRequest> = z.strictObject({
  appId: id,
  tenantId: id,
  scopes,
  add: z.optional(z.boolean()),
});

/** Scopes that a user has asked for who may not decide. */
export interface GrantWish {
  readonly appId: string;
  readonly tenantId: string;
  readonly userId: string;
  /** Scopes that are not granted yet. */
  readonly scopes: readonly string[];
  readonly wishedAtSeconds: number;
}

export const grantWishSchema: z.ZodMiniType<GrantWish> = z.object({
  appId: id,
  tenantId: id,
  userId: id,
  scopes,
  wishedAtSeconds: epochSeconds,
});

/** `POST /auth/installations/wish`, request */
export interface GrantWishRequest extends InstallationRequest {
  readonly scopes: readonly string[];
}

export const grantWishRequestSchema: z.ZodMiniType<GrantWishRequest> = z.strictObject({
  appId: id,
  tenantId: id,
  scopes,
});

/** `POST /auth/installations/wish`, answer; `null` when all of it is granted. */
export interface GrantWishResponse {
  readonly wish: GrantWish | null;
}

export const grantWishResponseSchema: z.ZodMiniType<GrantWishResponse> = z.object({
  wish: z.nullable(grantWishSchema),
});

/** `POST /auth/installations/grant`, answer */
export interface GrantResponse {
  readonly grant: Grant;
}

export const grantResponseSchema: z.ZodMiniType<GrantResponse> = z.object({ grant: grantSchema });

/** `GET /auth/installations/grants` */
export interface GrantListResponse {
  readonly grants: readonly Grant[];
  /** The newest first, at most 1 000. */
  readonly wishes: readonly GrantWish[];
}

export const grantListResponseSchema: z.ZodMiniType<GrantListResponse> = z.object({
  grants: z.array(grantSchema),
  wishes: z.array(grantWishSchema),
});
