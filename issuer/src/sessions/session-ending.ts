/** How sessions end, other than by time. */
import { BridgeError } from "@breezeway/shared";
import { auditOf, type CallContext, type SessionDeps } from "./session-service-deps.ts";
import type { SessionRecord } from "./session-record.ts";
import { parseSecret } from "./session-secret.ts";
import type { RevokeQuery } from "./session-store.ts";

export interface SessionEnding {
  revoke(query: RevokeQuery, reason: string, context?: CallContext): Promise<SessionRecord[]>;
  /** Ends a session whose old secret was used again, and gives the error that says so. */
  endForReuse(record: SessionRecord, context: CallContext): Promise<BridgeError>;
  /** Ends the session that a cookie belongs to, whether or not it still opens it. */
  endByCookie(
    cookieValue: string | undefined,
    reason: string,
    context?: CallContext,
  ): Promise<boolean>;
  revokeTokensForApp(appId: string): Promise<void>;
}

export function createSessionEnding({
  store,
  cache,
  clock,
  audit,
  changed,
}: SessionDeps): SessionEnding {
  async function revoke(
    query: RevokeQuery,
    reason: string,
    context: CallContext = {},
  ): Promise<SessionRecord[]> {
    const ended = await store.revoke(query, reason, clock.now());
    for (const record of ended) {
      cache.drop(record.handle);
      audit({
        event: reason === "signed-out" ? "session.signed-out" : "session.revoked",
        ...auditOf(record, context),
        reason,
      });
    }
    if (ended.length > 0) await changed();
    return ended;
  }

  return {
    revoke,
    async endForReuse(record, context) {
      audit({ event: "session.reused", ...auditOf(record, context), reason: "refresh-reused" });
      await revoke({ handle: record.handle }, "refresh-reused", context);
      return new BridgeError("REFRESH_REUSED", "A session secret was used after its rotation.");
    },
    async endByCookie(cookieValue, reason, context = {}) {
      const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
      const record = secret && (await store.findBySelector(secret.selectorHash));
      if (!record) return false;
      return (await revoke({ handle: record.handle }, reason, context)).length > 0;
    },

    async revokeTokensForApp(appId) {
      await store.revokeApp(appId, clock.now());
      audit({ event: "token.revoked", app: appId });
      await changed();
    },
  };
}
