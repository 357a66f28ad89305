/**
 * One structured line per security event. The list of fields is closed. No field can hold a token, a
 * secret, a claim value or free text, so none of them can be logged by mistake.
 */
import type { InstallationState } from "@breezeway/shared/schemas";
import { pino, stdTimeFunctions, type DestinationStream } from "pino";

export type AuditEventName =
  | "login.succeeded"
  | "login.failed"
  | "session.created"
  | "session.refreshed"
  | "session.renewed"
  | "session.reused"
  | "session.revoked"
  | "session.signed-out"
  | "session.claims-updated"
  | "session.data-updated"
  | "tenant.switched"
  | "token.minted"
  | "token.revoked"
  | "request.refused"
  | "key.created"
  | "key.retired"
  | "key.removed"
  | "app.put"
  | "app.removed"
  | "app.suspended"
  | "app.resumed"
  | "app.channel-set"
  | "app.rolled-out"
  | "app.rolled-back"
  | "grant.set"
  | "grant.wished"
  | "user.exported"
  | "user.erased"
  | "user.erasure-delivered"
  | "user.erasure-undelivered"
  | `installation.${InstallationState}`;

export interface AuditEvent {
  readonly event: AuditEventName;
  /** User id. */
  readonly sub?: string | undefined;
  readonly tenant?: string | undefined;
  readonly app?: string | undefined;
  /** Session handle. */
  readonly sid?: string | undefined;
  /** Token id. */
  readonly jti?: string | undefined;
  /** Key id. */
  readonly kid?: string | undefined;
  /** Installation id. */
  readonly installation?: string | undefined;
  /** Why a request was refused or a session ended, in kebab case. */
  readonly reason?: string | undefined;
  /** Number of sessions, unless it is 1; of erased sessions in any case. */
  readonly count?: number | undefined;
  /** The revision of an app's manifest. */
  readonly revision?: number | undefined;
  /** The version of the app's pages that the tenant has, by the registry. */
  readonly version?: string | undefined;
  /** The channel of that version, or the one that operators chose. */
  readonly channel?: string | undefined;
  /** The share of tenants of a rollout, 1 to 100. */
  readonly percent?: number | undefined;
  /** Channels that tenants are on and that a manifest does not have. */
  readonly missingChannels?: readonly string[] | undefined;
  /** Granted to an app, from now on. */
  readonly scopes?: readonly string[] | undefined;
  /** Fields of the manifest that changed. */
  readonly fields?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
}

export type AuditSink = (event: AuditEvent) => void;

export const silentAudit: AuditSink = () => undefined;

/**
 * Writes audit events as JSON lines through pino, each with `time` in ISO 8601, as all other lines of Breezeway have it.
 *
 * @param destination Default: standard output.
 */
export function pinoAudit(destination?: DestinationStream): AuditSink {
  const options = {
    base: { log: "audit" },
    messageKey: "message",
    timestamp: stdTimeFunctions.isoTime,
  };
  const logger = destination ? pino(options, destination) : pino(options);
  return (event) => logger.info(event);
}
