/** Ends sessions before their time limits. */
import { BridgeError } from "@breezeway/shared";
import {
  auditFieldsOf,
  type CallContext,
  type SessionServiceDeps,
} from "./session-service-deps.ts";
import type { SessionRecord } from "./session-record.ts";
import { MAX_SESSION_CHANGES, type ManySessions, type RevokeQuery } from "./session-revocation.ts";
import { parseSecret } from "./session-secret.ts";

export interface SessionEnding {
  /** @returns handles of the sessions that it ended */
  readonly revoke: (query: RevokeQuery, reason: string, context?: CallContext) => Promise<string[]>;
  /**
   * Ends sessions of the user of a session, but never this session itself.
   *
   * @param handle The session to end; without it, all others, at most 1 000 in one call
   * @throws {BridgeError} SESSION_UNKNOWN, also for a session of another user
   */
  readonly endOthers: (
    own: SessionRecord,
    handle: string | undefined,
    context?: CallContext,
  ) => Promise<EndedOthers>;
  /** Finishes revocations that a process left behind when it ended. @param nowMs By the store's clock */
  readonly finishRevocations: (nowMs: number) => Promise<void>;
  /** Ends a session whose old secret was used again. @returns the error for the caller */
  readonly endForReuse: (record: SessionRecord, context: CallContext) => Promise<BridgeError>;
  /** Ends the session of a cookie, even when the cookie's secret is an old one. */
  readonly endByCookie: (
    cookieValue: string | undefined,
    reason: string,
    context?: CallContext,
  ) => Promise<boolean>;
  readonly revokeTokensForApp: (appId: string) => Promise<void>;
}

export interface EndedOthers {
  readonly ended: number;
  /** There may be more sessions to end. Call again. */
  readonly hasMore: boolean;
}

/** A process that works on a revocation writes several times a second, unless its store hangs. */
const ABANDONED_MS = 60_000;

export function createSessionEnding(deps: SessionServiceDeps): SessionEnding {
  const { store, cache, clock, audit, changed } = deps;
  const revokeMany = createManyEnding(deps);

  async function revokeFew(
    query: RevokeQuery,
    reason: string,
    context: CallContext,
    limit = Infinity,
  ): Promise<string[]> {
    const handles: string[] = [];
    for await (const ended of store.revoke(query, reason, clock.now())) {
      for (const session of ended) {
        cache.drop(session.handle);
        audit({
          event: reason === "signed-out" ? "session.signed-out" : "session.revoked",
          ...auditFieldsOf(session, context),
          reason,
        });
        handles.push(session.handle);
      }
      if (ended.length > 0) await changed();
      if (handles.length >= limit) break;
    }
    return handles;
  }

  const revoke: SessionEnding["revoke"] = async (query, reason, context = {}) => {
    const many = await store.manyOf(query);
    return many ? revokeMany(many, reason) : revokeFew(query, reason, context);
  };

  return {
    revoke,
    endOthers: async ({ userId, handle: exceptHandle }, handle, context = {}) => {
      const query = { userId, exceptHandle, ...(handle === undefined ? {} : { handle }) };
      const limit = MAX_SESSION_CHANGES;
      const { length } = await revokeFew(query, "ended-by-user", context, limit);
      if (handle !== undefined && length === 0) {
        throw new BridgeError("SESSION_UNKNOWN", "The user has no other session with this handle.");
      }
      return { ended: length, hasMore: length >= limit };
    },
    finishRevocations: async (nowMs) => {
      for (const many of await store.unfinished(nowMs - ABANDONED_MS, nowMs + ABANDONED_MS)) {
        await revokeMany(many, "revoked");
      }
    },
    endForReuse: async (record, context) => {
      audit({
        event: "session.reused",
        ...auditFieldsOf(record, context),
        reason: "refresh-reused",
      });
      await revoke({ handle: record.handle }, "refresh-reused", context);
      return new BridgeError(
        "REFRESH_REUSED",
        "A session secret was used again after its rotation. The session has ended.",
      );
    },
    endByCookie: async (cookieValue, reason, context = {}) => {
      const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
      const record = secret && (await store.findBySelector(secret.selectorHash));
      if (!record) return false;
      return (await revoke({ handle: record.handle }, reason, context)).length > 0;
    },

    revokeTokensForApp: async (appId) => {
      await store.revokeApp(appId, clock.now());
      audit({ event: "token.revoked", app: appId });
      await changed();
    },
  };
}

/** Ends very many sessions, with one audit line for all. */
function createManyEnding({
  store,
  cache,
  clock,
  audit,
  changed,
}: SessionServiceDeps): (many: ManySessions, reason: string) => Promise<string[]> {
  return async (many, reason) => {
    const { kind, id } = many;
    const all: string[] = [];
    const count = await store.revokeMany(
      many,
      () => clock.now(),
      (handles) => {
        // This process needs not wait for the log.
        cache.clear({ kind, id });
        for (const handle of handles) all.push(handle);
      },
    );
    const tenant = kind === "tenant" ? id : many.tenantId;
    audit({
      event: "session.revoked",
      ...(kind === "user" ? { sub: id } : {}),
      ...(tenant === undefined ? {} : { tenant }),
      reason,
      count,
    });
    await changed();
    return all;
  };
}
