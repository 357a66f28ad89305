/**
 * Connections of apps to tenants: what the issuer answers to the host page, and what it tells the
 * backend of an app.
 */
import * as z from "zod/mini";

const id = z.string().check(z.minLength(1), z.maxLength(256));
const epochSeconds = z.number().check(z.gte(0));

/**
 * `connecting`: the app's backend is being told; `setup`: the app's setup page has to finish;
 * `disconnecting`: the backend is being told that it is over.
 */
export type ConnectionState =
  "connecting" | "setup" | "connected" | "failed" | "disconnecting" | "disconnected";

/** What the backend of an app is told. */
export type LifecycleEventName = "connect" | "disconnect";

/**
 * `refused`: the backend said no; `redirected`: it answered with a redirect, which is not followed;
 * `private-address`: it is at an address that the issuer does not call; `unreachable`, `timeout`, `server-error`: as often as it was tried; `app-unknown`: the app is no
 * longer registered.
 */
export type ConnectionFailureReason =
  | "refused"
  | "redirected"
  | "private-address"
  | "unreachable"
  | "timeout"
  | "server-error"
  | "app-unknown";

export interface ConnectionFailure {
  /** The call that failed. */
  readonly event: LifecycleEventName;
  readonly reason: ConnectionFailureReason;
  /**
   * What the app's backend said, at most {@link MAX_FAILURE_DETAIL} characters. Words of a third
   * party: show them as text, never as markup.
   */
  readonly detail?: string | undefined;
}

/** An app in a tenant. */
export interface Connection {
  /** Random; a new one each time that the app is connected after it was disconnected. */
  readonly id: string;
  readonly appId: string;
  readonly tenantId: string;
  readonly state: ConnectionState;
  /** Only in state `failed`. */
  readonly failure?: ConnectionFailure | undefined;
  readonly createdAtSeconds: number;
  /** When the state was entered. */
  readonly changedAtSeconds: number;
}

export const MAX_FAILURE_DETAIL = 300;

const event = z.enum(["connect", "disconnect"]);

export const connectionSchema: z.ZodMiniType<Connection> = z.object({
  id,
  appId: id,
  tenantId: id,
  state: z.enum(["connecting", "setup", "connected", "failed", "disconnecting", "disconnected"]),
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

/** `POST /auth/connections/…`, request */
export interface ConnectionRequest {
  readonly appId: string;
  /** The tenant that the page means. Another than the session's active one is refused. */
  readonly tenantId: string;
}

export const connectionRequestSchema: z.ZodMiniType<ConnectionRequest> = z.strictObject({
  appId: id,
  tenantId: id,
});

/** `POST /auth/connections/…`, answer; `null` when the app was never connected. */
export interface ConnectionResponse {
  readonly connection: Connection | null;
}

export const connectionResponseSchema: z.ZodMiniType<ConnectionResponse> = z.object({
  connection: z.nullable(connectionSchema),
});

/** `GET /auth/connections` */
export interface ConnectionListResponse {
  readonly connections: readonly Connection[];
}

export const connectionListResponseSchema: z.ZodMiniType<ConnectionListResponse> = z.object({
  connections: z.array(connectionSchema),
});
