/** Rotates session secrets: on refresh, on a switch of tenant, and on request of the host. */
import { BridgeError } from "@breezeway/shared";
import type { Change } from "../changes/change-log.ts";
import { endedBecause } from "./lifetime.ts";
import { onlySecret, rotated, standingOf } from "./secret-rules.ts";
import type { CacheMark } from "./session-cache.ts";
import type { SessionEnding } from "./session-ending.ts";
import { secretColumns, type SessionRecord } from "./session-record.ts";
import {
  createSecret,
  presentedSecret,
  sessionMissing,
  type PresentedSecret,
} from "./session-secret.ts";
import {
  auditFieldsOf,
  type CallContext,
  type OpenedSession,
  type SessionServiceDeps,
} from "./session-service-deps.ts";

export interface SecretRotation {
  /** Rotates the secret. @throws {BridgeError} as `authenticate` does */
  readonly refresh: (
    cookieValue: string | undefined,
    context?: CallContext,
  ) => Promise<OpenedSession>;
  /** Switches the tenant and rotates. @throws {BridgeError} as `authenticate` does; TENANT_NOT_ALLOWED */
  readonly switchTenant: (
    cookieValue: string | undefined,
    tenantId: string,
    context?: CallContext,
  ) => Promise<OpenedSession>;
  /** Issues a new secret without the old one. `undefined` when the session has ended. */
  readonly renew: (
    handle: string,
    tenantId?: string,
    context?: CallContext,
  ) => Promise<OpenedSession | undefined>;
}

interface SwapOptions {
  /** The secret that the caller presented. Absent: the old cookie stops working. */
  readonly presented?: PresentedSecret;
  readonly tenantId: string | undefined;
  readonly nowMs: number;
  readonly mark: CacheMark;
}

/** Compare-and-swaps that one request may lose to other requests. */
const MAX_ATTEMPTS = 10;

export function createSecretRotation(
  deps: SessionServiceDeps,
  ending: SessionEnding,
): SecretRotation {
  const { audit } = deps;
  return {
    refresh: async (cookieValue, context = {}) => {
      const opened = await rotate(deps, ending, { cookieValue, context });
      audit({ event: "session.refreshed", ...auditFieldsOf(opened.record, context) });
      return opened;
    },
    switchTenant: async (cookieValue, tenantId, context = {}) => {
      const opened = await rotate(deps, ending, { cookieValue, tenantId, context });
      audit({ event: "tenant.switched", ...auditFieldsOf(opened.record, context) });
      return opened;
    },
    renew: async (handle, tenantId, context = {}) => {
      const opened = await renew(deps, handle, tenantId);
      if (!opened) return undefined;
      const event = tenantId === undefined ? "session.renewed" : "tenant.switched";
      audit({ event, ...auditFieldsOf(opened.record, context) });
      return opened;
    },
  };
}

interface RotateRequest {
  readonly cookieValue: string | undefined;
  readonly tenantId?: string;
  readonly context: CallContext;
}

/** Swaps the presented secret for a new one. A request that loses the swap reads again and retries. */
async function rotate(
  deps: SessionServiceDeps,
  ending: SessionEnding,
  { cookieValue, tenantId, context }: RotateRequest,
): Promise<OpenedSession> {
  const { store, cache, lifetimes, clock } = deps;
  const secret = presentedSecret(cookieValue);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    // Marked before the read: a concurrent change must not come back with this record.
    const mark = cache.mark();
    const record = await store.findBySelector(secret.selectorHash);
    if (!record) throw sessionMissing();
    const nowMs = clock.now();
    const ended = endedBecause(record, lifetimes, nowMs);
    if (ended) throw ended;
    const standing = standingOf(record, secret.secretHash, { ...lifetimes, nowMs });
    if (standing === "reused") throw await ending.endForReuse(record, context);
    if (tenantId !== undefined) assertTenant(record, tenantId);
    const opened = await swap(deps, record, { presented: secret, tenantId, nowMs, mark });
    if (opened) return opened;
  }
  throw overloaded();
}

async function renew(
  deps: SessionServiceDeps,
  handle: string,
  tenantId: string | undefined,
): Promise<OpenedSession | undefined> {
  const { store, cache, lifetimes, clock } = deps;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const mark = cache.mark();
    const record = await store.findByHandle(handle);
    const nowMs = clock.now();
    if (!record || endedBecause(record, lifetimes, nowMs)) return undefined;
    if (tenantId !== undefined) assertTenant(record, tenantId);
    // Only the browser has the selector, so a renewal without the cookie makes a new one.
    const opened = await swap(deps, record, { tenantId, nowMs, mark });
    if (opened) return opened;
  }
  throw overloaded();
}

/** @returns `undefined` when another request has changed the secret since the record was read */
async function swap(
  { store, cache, lifetimes, changed }: SessionServiceDeps,
  record: SessionRecord,
  { presented, tenantId = record.tenantId, nowMs, mark }: SwapOptions,
): Promise<OpenedSession | undefined> {
  const issued = createSecret(presented?.selector);
  const { secretHash: nextSecretHash } = issued;
  const secrets = presented
    ? rotated(record, { ...lifetimes, nowMs, secretHash: presented.secretHash, nextSecretHash })
    : onlySecret(nextSecretHash);
  const next: SessionRecord = {
    ...record,
    ...secrets,
    selectorHash: issued.selectorHash,
    tenantId,
    // A clock that was set back must not shorten the idle time.
    lastActiveAtMs: Math.max(nowMs, record.lastActiveAtMs),
  };
  const changes = changesOf(record, next);
  const columns = {
    selector_hash: next.selectorHash,
    ...secretColumns(secrets),
    tenant_id: next.tenantId,
    last_active_at_ms: next.lastActiveAtMs,
  };
  if (!(await store.replace(record, columns, changes, nowMs))) return undefined;
  cache.keep(next, mark);
  if (changes.length > 0) await changed();
  return { record: next, cookieValue: issued.cookieValue };
}

function overloaded(): BridgeError {
  return new BridgeError(
    "OVERLOADED",
    "Too many requests rotate the secret of this session at once. Retry later.",
  );
}

/**
 * A rotation by cookie writes no change: the secret that other processes hold in memory stays valid
 * within grace. A new selector or tenant takes effect everywhere at once.
 */
function changesOf(before: SessionRecord, after: SessionRecord): readonly Change[] {
  const { handle, tenantId } = after;
  if (tenantId !== before.tenantId) return [{ kind: "tenant-changed", subject: handle, tenantId }];
  return after.selectorHash === before.selectorHash ? [] : [{ kind: "renewed", subject: handle }];
}

function assertTenant(record: SessionRecord, tenantId: string): void {
  if (!Object.hasOwn(record.tenants, tenantId)) {
    throw new BridgeError("TENANT_NOT_ALLOWED", "The user does not belong to this tenant.");
  }
}
