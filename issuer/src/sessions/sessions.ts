/**
 * The life of sessions: the programmatic API, and the same operations for a caller that presents a
 * cookie. Owns no HTTP and no SQL.
 */
import { randomBytes } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import type { AuditSink } from "../audit/audit.ts";
import type { Change } from "../changes/change-log.ts";
import type { Clock } from "../clock.ts";
import { endedBecause, endOf, type SessionLifetimes } from "./lifetime.ts";
import { rotated, standingOf } from "./rotation.ts";
import type { SessionCache } from "./session-cache.ts";
import {
  checkClaims,
  checkData,
  checkNewSession,
  mergePatch,
  type NewSession,
} from "./session-input.ts";
import type { Claims, SessionRecord } from "./session-record.ts";
import { createSecret, parseSecret, type PresentedSecret } from "./session-secret.ts";
import type { RevokeQuery, SessionStore } from "./session-store.ts";

/** A session together with the cookie value that opens it. Given out once. */
export interface OpenedSession {
  readonly record: SessionRecord;
  readonly cookieValue: string;
}

export interface CallContext {
  readonly requestId?: string | undefined;
}

export interface SessionService {
  create(input: NewSession, context?: CallContext): Promise<OpenedSession>;
  /**
   * The live session that a cookie opens, from memory when it is there.
   *
   * @throws {BridgeError} SESSION_MISSING, SESSION_EXPIRED, SESSION_REVOKED, REFRESH_REUSED
   */
  authenticate(cookieValue: string | undefined, context?: CallContext): Promise<SessionRecord>;
  /** Rotates the secret. @throws as `authenticate` does */
  refresh(cookieValue: string | undefined, context?: CallContext): Promise<OpenedSession>;
  /** Switches the tenant and rotates. @throws as `authenticate` does; TENANT_NOT_ALLOWED */
  switchTenant(
    cookieValue: string | undefined,
    tenantId: string,
    context?: CallContext,
  ): Promise<OpenedSession>;
  /** Ends the session that a cookie belongs to, whether or not it still opens it. */
  endByCookie(
    cookieValue: string | undefined,
    reason: string,
    context?: CallContext,
  ): Promise<boolean>;
  /** A new secret without presenting the old one. `undefined` when the session has ended. */
  renew(
    handle: string,
    tenantId?: string,
    context?: CallContext,
  ): Promise<OpenedSession | undefined>;
  /**
   * The live session of a handle, from memory when it is there.
   *
   * @throws {BridgeError} SESSION_UNKNOWN, SESSION_EXPIRED, SESSION_REVOKED
   */
  find(handle: string): Promise<SessionRecord>;
  /** A session, ended or not. */
  peek(handle: string): Promise<SessionRecord | undefined>;
  /** A live session. */
  get(handle: string): Promise<SessionRecord | undefined>;
  listForUser(userId: string, tenantId?: string): Promise<SessionRecord[]>;
  revoke(query: RevokeQuery, reason: string, context?: CallContext): Promise<SessionRecord[]>;
  revokeTokensForApp(appId: string): Promise<void>;
  updateClaims(handle: string, patch: Claims): Promise<SessionRecord>;
  updateData(handle: string, patch: Claims): Promise<SessionRecord>;
  /** Marks activity, at most once per hour, so that reading a session keeps it from idling out. */
  touch(record: SessionRecord): Promise<void>;
  readonly lifetimes: SessionLifetimes;
}

export interface SessionServiceOptions {
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

const MAX_ATTEMPTS = 10;
const TOUCH_AFTER_MS = 3_600_000;

export function createSessionService(options: SessionServiceOptions): SessionService {
  const { store, cache, lifetimes, clock, audit, ensureFresh, changed } = options;

  async function load(secret: PresentedSecret): Promise<SessionRecord> {
    const record = await store.findBySelector(secret.selectorHash);
    if (!record) throw missing();
    const ended = endedBecause(record, lifetimes, clock());
    if (ended) throw ended;
    return record;
  }

  async function endForReuse(record: SessionRecord, context: CallContext): Promise<BridgeError> {
    audit({
      event: "session.reused",
      sub: record.userId,
      tenant: record.tenantId,
      sid: record.handle,
      reason: "refresh-reused",
      requestId: context.requestId,
    });
    await revoke({ handle: record.handle }, "refresh-reused", context);
    return new BridgeError("REFRESH_REUSED", "A session secret was used after its rotation.");
  }

  /** One compare-and-swap on the secret; whoever loses it looks again and decides anew. */
  async function rotate(
    cookieValue: string | undefined,
    tenantId: string | undefined,
    context: CallContext,
  ): Promise<OpenedSession> {
    const secret = presented(cookieValue);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const record = await load(secret);
      const nowMs = clock();
      const standing = standingOf(record, secret.secretHash, nowMs, lifetimes.graceMs);
      if (standing === "reused") throw await endForReuse(record, context);
      if (tenantId !== undefined) assertTenant(record, tenantId);
      const opened = await swap(record, standing, secret.selector, { tenantId, nowMs });
      if (opened) return opened;
    }
    throw new BridgeError("OVERLOADED", "Too many requests rotate this session at once.");
  }

  async function swap(
    record: SessionRecord,
    standing: "current" | "previous",
    selector: Uint8Array | undefined,
    { tenantId = record.tenantId, nowMs }: { tenantId?: string | undefined; nowMs: number },
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
    const mark = cache.mark();
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

  async function revoke(
    query: RevokeQuery,
    reason: string,
    context: CallContext = {},
  ): Promise<SessionRecord[]> {
    const ended = await store.revoke(query, reason, clock());
    for (const record of ended) {
      cache.drop(record.handle);
      audit({
        event: reason === "signed-out" ? "session.signed-out" : "session.revoked",
        sub: record.userId,
        tenant: record.tenantId,
        sid: record.handle,
        reason,
        requestId: context.requestId,
      });
    }
    if (ended.length > 0) await changed();
    return ended;
  }

  async function update(
    handle: string,
    kind: "claims-changed" | "data-changed",
    change: Parameters<SessionStore["update"]>[1],
  ): Promise<SessionRecord> {
    const record = await store.update(handle, change, [{ kind, subject: handle }], clock());
    if (!record || endedBecause(record, lifetimes, clock())) {
      throw new BridgeError("SESSION_UNKNOWN", "There is no live session of this handle.");
    }
    cache.drop(handle);
    audit({
      event: kind === "claims-changed" ? "session.claims-updated" : "session.data-updated",
      sub: record.userId,
      tenant: record.tenantId,
      sid: handle,
    });
    await changed();
    return record;
  }

  return {
    lifetimes,
    async create(input, context = {}) {
      const checked = checkNewSession(input);
      const nowMs = clock();
      const issued = createSecret();
      const record: SessionRecord = {
        ...checked,
        handle: randomBytes(16).toString("base64url"),
        selectorHash: issued.selectorHash,
        secretHash: issued.secretHash,
        previousSecretHash: undefined,
        previousSinceMs: undefined,
        createdAtMs: nowMs,
        lastActiveAtMs: nowMs,
        expiresAtMs: nowMs + lifetimes.absoluteMs,
        revokedAtMs: undefined,
        revokedReason: undefined,
      };
      const mark = cache.mark();
      await store.insert(record);
      cache.keep(record, mark);
      audit({
        event: "session.created",
        sub: record.userId,
        tenant: record.tenantId,
        sid: record.handle,
        requestId: context.requestId,
      });
      return { record, cookieValue: issued.cookieValue };
    },

    async authenticate(cookieValue, context = {}) {
      const secret = presented(cookieValue);
      const nowMs = clock();
      // No `await` when the log is fresh: it would cost every hot request a turn of the loop.
      const freshening = ensureFresh();
      if (freshening) await freshening;
      const cached = cache.get(secret.selectorHash);
      if (
        cached &&
        standingOf(cached, secret.secretHash, nowMs, lifetimes.graceMs) !== "reused" &&
        !endedBecause(cached, lifetimes, nowMs)
      ) {
        return cached;
      }
      // Memory can be behind the store (another process rotated), so only the store may refuse.
      const mark = cache.mark();
      const record = await load(secret);
      const standing = standingOf(record, secret.secretHash, nowMs, lifetimes.graceMs);
      if (standing !== "reused") {
        cache.keep(record, mark);
        return record;
      }
      const { previousSinceMs } = record;
      if (previousSinceMs !== undefined && Math.abs(nowMs - previousSinceMs) <= lifetimes.graceMs) {
        // Two tabs that refresh at once displace each other's answer for a moment. Reading with
        // the displaced one is refused, but is no sign of theft; refreshing with it is.
        throw missing();
      }
      throw await endForReuse(record, context);
    },

    async refresh(cookieValue, context = {}) {
      const opened = await rotate(cookieValue, undefined, context);
      audit({
        event: "session.refreshed",
        sub: opened.record.userId,
        tenant: opened.record.tenantId,
        sid: opened.record.handle,
        requestId: context.requestId,
      });
      return opened;
    },

    async switchTenant(cookieValue, tenantId, context = {}) {
      const opened = await rotate(cookieValue, tenantId, context);
      audit({
        event: "tenant.switched",
        sub: opened.record.userId,
        tenant: tenantId,
        sid: opened.record.handle,
        requestId: context.requestId,
      });
      return opened;
    },

    async endByCookie(cookieValue, reason, context = {}) {
      const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
      const record = secret && (await store.findBySelector(secret.selectorHash));
      if (!record) return false;
      return (await revoke({ handle: record.handle }, reason, context)).length > 0;
    },

    async renew(handle, tenantId, context = {}) {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const record = await store.findByHandle(handle);
        const nowMs = clock();
        if (!record || endedBecause(record, lifetimes, nowMs)) return undefined;
        if (tenantId !== undefined) assertTenant(record, tenantId);
        // The selector is in the browser only, so a renewal without the cookie makes a new one.
        const opened = await swap(record, "current", undefined, { tenantId, nowMs });
        if (!opened) continue;
        audit({
          event: tenantId === undefined ? "session.renewed" : "tenant.switched",
          sub: record.userId,
          tenant: opened.record.tenantId,
          sid: handle,
          requestId: context.requestId,
        });
        return opened;
      }
      throw new BridgeError("OVERLOADED", "Too many requests rotate this session at once.");
    },

    async find(handle) {
      const freshening = ensureFresh();
      if (freshening) await freshening;
      let record = cache.getByHandle(handle);
      if (!record) {
        const mark = cache.mark();
        record = await store.findByHandle(handle);
        if (!record)
          throw new BridgeError("SESSION_UNKNOWN", "There is no session of this handle.");
        cache.keep(record, mark);
      }
      const ended = endedBecause(record, lifetimes, clock());
      if (ended) throw ended;
      return record;
    },

    peek: (handle) => store.findByHandle(handle),

    async get(handle) {
      const record = await store.findByHandle(handle);
      return record && !endedBecause(record, lifetimes, clock()) ? record : undefined;
    },

    async listForUser(userId, tenantId) {
      const nowMs = clock();
      const records = await store.listForUser(userId, tenantId);
      return records.filter((record) => nowMs < endOf(record, lifetimes));
    },

    revoke,

    async revokeTokensForApp(appId) {
      await store.revokeApp(appId, clock());
      audit({ event: "token.revoked", app: appId });
      await changed();
    },

    updateClaims: (handle, patch) =>
      update(handle, "claims-changed", ({ claims }) => ({
        claims: JSON.stringify(checkClaims(mergePatch(claims, patch))),
      })),

    updateData: (handle, patch) =>
      update(handle, "data-changed", ({ data }) => ({
        data: JSON.stringify(checkData(mergePatch(data, patch))),
      })),

    async touch(record) {
      const nowMs = clock();
      const afterMs = Math.min(TOUCH_AFTER_MS, lifetimes.idleMs / 10);
      if (nowMs - record.lastActiveAtMs < afterMs) return;
      const touched = await store.replace(record, { last_active_at_ms: nowMs }, [], nowMs);
      if (touched) cache.drop(record.handle);
    },
  };
}

function presented(cookieValue: string | undefined): PresentedSecret {
  const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
  if (!secret) throw missing();
  return secret;
}

function missing(): BridgeError {
  return new BridgeError("SESSION_MISSING", "The request carries no session.");
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
