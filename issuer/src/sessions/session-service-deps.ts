/** Types that the parts of the session service share, and the fields of their audit lines. */
import type { Clock } from "@breezeway/shared";
import type { AuditEvent, AuditSink } from "../audit/audit.ts";
import type { SessionLifetimes } from "./lifetime.ts";
import type { SessionCache } from "./session-cache.ts";
import type { DeviceDetail, SessionClient } from "./session-device.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionStore } from "./session-store.ts";

/** A session with the cookie value that opens it. The value is not stored and cannot be read again. */
export interface OpenedSession {
  readonly record: SessionRecord;
  readonly cookieValue: string;
}

export interface CallContext {
  readonly requestId?: string | undefined;
  /** The request of a sign-in. */
  readonly client?: SessionClient;
}

export interface SessionServiceDeps {
  readonly store: SessionStore;
  readonly cache: SessionCache;
  readonly lifetimes: SessionLifetimes;
  readonly device: DeviceDetail;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Reads the change log unless it is fresh. The cache is right only afterwards. */
  readonly ensureFresh: () => Promise<void> | undefined;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

/** The fields of an audit line that identify the session. */
export function auditFieldsOf(
  record: Pick<SessionRecord, "userId" | "tenantId" | "handle">,
  { requestId }: CallContext = {},
): Pick<AuditEvent, "sub" | "tenant" | "sid" | "requestId"> {
  return { sub: record.userId, tenant: record.tenantId, sid: record.handle, requestId };
}
