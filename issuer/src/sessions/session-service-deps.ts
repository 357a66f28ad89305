/** What the parts of the session service share. */
import { BridgeError } from "@breezeway/shared";
import type { AuditEvent, AuditSink } from "../audit/audit.ts";
import type { Clock } from "@breezeway/shared";
import type { SessionLifetimes } from "./lifetime.ts";
import type { SessionCache } from "./session-cache.ts";
import type { SessionRecord } from "./session-record.ts";
import { parseSecret, type PresentedSecret } from "./session-secret.ts";
import type { SessionStore } from "./session-store.ts";

/** A session together with the cookie value that opens it. Given out once. */
export interface OpenedSession {
  readonly record: SessionRecord;
  readonly cookieValue: string;
}

export interface CallContext {
  readonly requestId?: string | undefined;
}

export interface SessionDeps {
  readonly store: SessionStore;
  readonly cache: SessionCache;
  readonly lifetimes: SessionLifetimes;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Reads the change log if it was not read just now: the cache is right only after it. */
  readonly ensureFresh: () => Promise<void> | undefined;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

/** @throws {BridgeError} SESSION_MISSING for no cookie, and for text that was never one */
export function presentedSecret(cookieValue: string | undefined): PresentedSecret {
  const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
  if (!secret) throw sessionMissing();
  return secret;
}

export function sessionMissing(): BridgeError {
  return new BridgeError("SESSION_MISSING", "The request carries no session.");
}

/** The fields of an audit line that say which session it is about. */
export function auditOf(
  record: SessionRecord,
  { requestId }: CallContext = {},
): Pick<AuditEvent, "sub" | "tenant" | "sid" | "requestId"> {
  return { sub: record.userId, tenant: record.tenantId, sid: record.handle, requestId };
}
