/**
 * Installations of apps to tenants: what the issuer answers to the host page, and what it tells the
 * backend of an app.
 */
import * as z from "zod/mini";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const epochSeconds = z.number().check(z.gte(0));

/**
 * `installing`: the app's backend is being told; `setup`: the app's setup page has to finish;
 * `uninstalling`: the backend is being told that it is over.
 */
export type InstallationState =
  "installing" | "setup" | "installed" | "failed" | "uninstalling" | "uninstalled";

/** What the backend of an app is told. */
export type LifecycleEventName = "connect" | "disconnect";

/**
 * `refused`: the backend said no; `redirected`: it answered with a redirect, which is not followed;
 * `private-address`: it is at an address that the issuer does not call; `unreachable`, `timeout`, `server-error`: as often as it was tried; `app-unknown`: the app is no
 * longer registered.
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
   * What the app's backend said, at most {@link MAX_FAILURE_DETAIL} characters. Words of a third
   * party: show them as text, never as markup.
   */
  readonly detail?: string | undefined;
}

/** An app in a tenant. */
export interface Installation {
  /** Random; a new one each time that the app is installed after it was uninstalled. */
  readonly id: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly state: InstallationState;
  /** Only in state `failed`. */
  readonly failure?: InstallationFailure | undefined;
  readonly createdAtSeconds: number;
  /** When the state was entered. */
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
  /** The tenant that the page means. Another than the session's active one is refused. */
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
