/** The one way in which a connection changes: in the store, in the change log, in the audit log. */
import type { AuditSink } from "../audit/audit.ts";
import type { Change } from "../changes/change-log.ts";
import type { Clock } from "../clock.ts";
import { isAdmitted, type ConnectionKey, type ConnectionRecord } from "./connection-machine.ts";
import type { ConnectionStore } from "./connection-store.ts";

/** Who asked; nobody when an answer of a backend did it. */
export interface ConnectionActor {
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
  readonly requestId?: string | undefined;
}

export type ConnectionChanger = (
  key: ConnectionKey,
  change: (current: ConnectionRecord | undefined) => ConnectionRecord | undefined,
  actor?: ConnectionActor,
) => Promise<ConnectionRecord | undefined>;

export interface ConnectionChangerDeps {
  readonly store: ConnectionStore;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tokens are for connected apps only: they end when an app is none any more. */
  readonly endsTokens: boolean;
  /** Tells this process about what was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createConnectionChanger(deps: ConnectionChangerDeps): ConnectionChanger {
  const { store, clock, audit, endsTokens, changed } = deps;
  return async (key, change, actor = {}) => {
    let before: ConnectionRecord | undefined;
    const after = await store.update(
      key,
      (current) => {
        before = current;
        const next = change(current);
        return { next, changes: changesOf(key, current, next) };
      },
      clock(),
    );
    if (after && isOther(before, after)) {
      const { appId: app, tenantId: tenant, id: connection, state } = after;
      const reason = after.failure?.reason;
      audit({ event: `connection.${state}`, ...actor, app, tenant, connection, reason });
      await changed();
    }
    return after;
  };

  function changesOf(
    { appId, tenantId }: ConnectionKey,
    before: ConnectionRecord | undefined,
    after: ConnectionRecord | undefined,
  ): Change[] {
    if (!after || !isOther(before, after)) return [];
    const isShutOut = isAdmitted(before?.state) && !isAdmitted(after.state);
    return [
      { kind: "connections-changed", subject: tenantId, tenantId, detail: appId },
      ...(endsTokens && isShutOut
        ? [{ kind: "app", subject: appId, tenantId } satisfies Change]
        : []),
    ];
  }
}

/** Whether anybody but those who make the calls needs to hear of it. */
function isOther(before: ConnectionRecord | undefined, after: ConnectionRecord): boolean {
  return (
    before?.state !== after.state ||
    before.id !== after.id ||
    before.failure?.reason !== after.failure?.reason ||
    before.changedAtMs !== after.changedAtMs
  );
}
