/** Ends sessions before their time limits. */
import { BridgeError } from "@breezeway/shared";
import {
  auditFieldsOf,
  type CallContext,
  type SessionServiceDeps,
} from "./session-service-deps.ts";
import type { SessionRecord } from "./session-record.ts";
import { parseSecret } from "./session-secret.ts";
import type { RevokeQuery } from "./session-store.ts";

export interface SessionEnding {
  readonly revoke: (
    query: RevokeQuery,
    reason: string,
    context?: CallContext,
  ) => Promise<SessionRecord[]>;
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

export function createSessionEnding({
  store,
  cache,
  clock,
  audit,
  changed,
}: SessionServiceDeps): SessionEnding {
  async function revoke(
    query: RevokeQuery,
    reason: string,
    context: CallContext = {},
  ): Promise<SessionRecord[]> {
    const all: SessionRecord[] = [];
    for await (const ended of store.revoke(query, reason, clock.now())) {
      for (const record of ended) {
        cache.drop(record.handle);
        audit({
          event: reason === "signed-out" ? "session.signed-out" : "session.revoked",
          ...auditFieldsOf(record, context),
          reason,
        });
      }
      if (ended.length > 0) await changed();
      all.push(...ended);
    }
    return all;
  }

  return {
    revoke,
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
