/** Changes an installation in the store, the change log and the audit log. Every change goes through here. */
import type { AuditSink } from "../audit/audit.ts";
import type { Change } from "../changes/change-log.ts";
import type { Clock } from "@breezeway/shared";
import {
  isAdmitted,
  type InstallationKey,
  type InstallationRecord,
} from "./installation-machine.ts";
import type { InstallationStore } from "./installation-store.ts";

/** The session that asked for the change. Empty when a backend's answer caused it. */
export interface InstallationActor {
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
  readonly requestId?: string | undefined;
}

export type InstallationChanger = (
  key: InstallationKey,
  change: (current: InstallationRecord | undefined) => InstallationRecord | undefined,
  actor?: InstallationActor,
) => Promise<InstallationRecord | undefined>;

export interface InstallationChangerDeps {
  readonly store: InstallationStore;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Tokens are for installed apps only, so they end when an app leaves `setup` or `installed`. */
  readonly endsTokens: boolean;
  /** Tells this process about a change that was just written; never rejects. */
  readonly changed: () => Promise<void>;
}

export function createInstallationChanger(deps: InstallationChangerDeps): InstallationChanger {
  const { store, clock, audit, endsTokens, changed } = deps;
  return async (key, change, actor = {}) => {
    let before: InstallationRecord | undefined;
    const after = await store.update(
      key,
      (current) => {
        before = current;
        const next = change(current);
        return { next, changes: changesOf(key, current, next) };
      },
      clock.now(),
    );
    if (after && isVisible(before, after)) {
      const { appId: app, tenantId: tenant, id: installation, state } = after;
      const reason = after.failure?.reason;
      audit({ event: `installation.${state}`, ...actor, app, tenant, installation, reason });
      await changed();
    }
    return after;
  };

  function changesOf(
    { appId, tenantId }: InstallationKey,
    before: InstallationRecord | undefined,
    after: InstallationRecord | undefined,
  ): Change[] {
    if (!after || !isVisible(before, after)) return [];
    const isShutOut = isAdmitted(before?.state) && !isAdmitted(after.state);
    return [
      { kind: "installations-changed", subject: tenantId, tenantId, detail: appId },
      ...(endsTokens && isShutOut
        ? [{ kind: "app", subject: appId, tenantId } satisfies Change]
        : []),
    ];
  }
}

/** Whether the change is visible outside the worker. */
function isVisible(before: InstallationRecord | undefined, after: InstallationRecord): boolean {
  return (
    before?.state !== after.state ||
    before.id !== after.id ||
    before.failure?.reason !== after.failure?.reason ||
    before.changedAtMs !== after.changedAtMs
  );
}
