/** New secrets for sessions: on refresh, on a switch of tenant, and by hand. */
import { BridgeError } from "@breezeway/shared";
import type { Change } from "../changes/change-log.ts";
import { endedBecause } from "./lifetime.ts";
import { rotated, standingOf } from "./secret-rules.ts";
import type { CacheMark } from "./session-cache.ts";
import {
  auditOf,
  presentedSecret,
  sessionMissing,
  type CallContext,
  type OpenedSession,
  type SessionDeps,
} from "./session-service-deps.ts";
import type { SessionEnding } from "./session-ending.ts";
import type { SessionRecord } from "./session-record.ts";
import { createSecret } from "./session-secret.ts";

export interface SecretRotation {
  /** Rotates the secret. @throws as `authenticate` does */
  refresh(cookieValue: string | undefined, context?: CallContext): Promise<OpenedSession>;
  /** Switches the tenant and rotates. @throws as `authenticate` does; TENANT_NOT_ALLOWED */
  switchTenant(
    cookieValue: string | undefined,
    tenantId: string,
    context?: CallContext,
  ): Promise<OpenedSession>;
  /** A new secret without presenting the old one. `undefined` when the session has ended. */
  renew(
    handle: string,
    tenantId?: string,
    context?: CallContext,
  ): Promise<OpenedSession | undefined>;
}

interface SwapOptions {
  /** Absent: a new one, and the old cookie is dead. */
  readonly selector?: Uint8Array;
  readonly tenantId: string | undefined;
  readonly nowMs: number;
  readonly mark: CacheMark;
}

const MAX_ATTEMPTS = 10;

export function createSecretRotation(
  { store, cache, lifetimes, clock, audit, changed }: SessionDeps,
  ending: SessionEnding,
): SecretRotation {
  /** One compare-and-swap on the secret; whoever loses it looks again and decides anew. */
  async function rotate(
    cookieValue: string | undefined,
    tenantId: string | undefined,
    context: CallContext,
  ): Promise<OpenedSession> {
    const secret = presentedSecret(cookieValue);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      // Before the read: what another change drops meanwhile must not come back with this record.
      const mark = cache.mark();
      const record = await store.findBySelector(secret.selectorHash);
      if (!record) throw sessionMissing();
      const nowMs = clock.now();
      const ended = endedBecause(record, lifetimes, nowMs);
      if (ended) throw ended;
      const standing = standingOf(record, secret.secretHash, nowMs, lifetimes.graceMs);
      if (standing === "reused") throw await ending.endForReuse(record, context);
      if (tenantId !== undefined) assertTenant(record, tenantId);
      const opened = await swap(record, standing, {
        selector: secret.selector,
        tenantId,
        nowMs,
        mark,
      });
      if (opened) return opened;
    }
    throw new BridgeError("OVERLOADED", "Too many requests rotate this session at once.");
  }

  async function swap(
    record: SessionRecord,
    standing: "current" | "previous",
    { selector, tenantId = record.tenantId, nowMs, mark }: SwapOptions,
  ): Promise<OpenedSession | undefined> {
    const issued = createSecret(selector);
    const next: SessionRecord = {
      ...record,
      ...rotated(record, standing, issued.secretHash, nowMs),
      selectorHash: issued.selectorHash,
      tenantId,
      // A clock that was set back must not shorten the idle time.
      lastActiveAtMs: Math.max(nowMs, record.lastActiveAtMs),
    };
    const changes = changesOf(record, next);
    const won = await store.replace(
      record,
      {
        selector_hash: next.selectorHash,
        secret_hash: next.secretHash,
        previous_secret_hash: next.previousSecretHash ?? null,
        previous_since_ms: next.previousSinceMs ?? null,
        tenant_id: next.tenantId,
        last_active_at_ms: next.lastActiveAtMs,
      },
      changes,
      nowMs,
    );
    if (!won) return undefined;
    cache.keep(next, mark);
    if (changes.length > 0) await changed();
    return { record: next, cookieValue: issued.cookieValue };
  }

  return {
    async refresh(cookieValue, context = {}) {
      const opened = await rotate(cookieValue, undefined, context);
      audit({
        event: "session.refreshed",
        ...auditOf(opened.record, context),
      });
      return opened;
    },

    async switchTenant(cookieValue, tenantId, context = {}) {
      const opened = await rotate(cookieValue, tenantId, context);
      audit({
        event: "tenant.switched",
        ...auditOf(opened.record, context),
      });
      return opened;
    },

    async renew(handle, tenantId, context = {}) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const mark = cache.mark();
        const record = await store.findByHandle(handle);
        const nowMs = clock.now();
        if (!record || endedBecause(record, lifetimes, nowMs)) return undefined;
        if (tenantId !== undefined) assertTenant(record, tenantId);
        // The selector is in the browser only, so a renewal without the cookie makes a new one.
        const opened = await swap(record, "current", { tenantId, nowMs, mark });
        if (!opened) continue;
        audit({
          event: tenantId === undefined ? "session.renewed" : "tenant.switched",
          ...auditOf(opened.record, context),
        });
        return opened;
      }
      throw new BridgeError("OVERLOADED", "Too many requests rotate this session at once.");
    },
  };
}

/**
 * A rotation by cookie needs no change: what other processes hold in memory is good within grace. A
 * new selector or tenant takes effect everywhere at once.
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
