/**
 * Who may manage the apps of a tenant over HTTP: a session that the option `installations.mayManage` lets do it, in its
 * active tenant.
 */
import { BridgeError } from "@breezeway/shared";
import type { InstallationRequest, RegisteredApp } from "@breezeway/shared/schemas";
import type {
  InstallationAction,
  InstallationOptions,
} from "../../installations/installation-options.ts";
import type { InstalledApps } from "../../installations/installed-apps.ts";
import { toInfo, type SessionRecord } from "../../sessions/session-record.ts";
import type { EndpointDeps, RequestContext } from "../context.ts";

export interface Managing {
  readonly authenticate: (context: RequestContext) => Promise<SessionRecord>;
  /** @throws {BridgeError} SCOPE_MISSING */
  readonly assertMayManage: (
    record: SessionRecord,
    action: InstallationAction,
    app?: RegisteredApp,
  ) => Promise<void>;
  /**
   * Checks that the page's tenant is the session's, that the app is known, and that the session may do this.
   *
   * @throws {BridgeError} TENANT_MISMATCH, APP_UNKNOWN, SCOPE_MISSING, and those of the session
   */
  readonly authorise: (
    context: RequestContext,
    request: InstallationRequest,
    action: InstallationAction,
  ) => Promise<SessionRecord>;
  /**
   * The same for what every user of the tenant may do with an app that the tenant can use.
   *
   * @throws {BridgeError} TENANT_MISMATCH, APP_UNKNOWN, APP_SUSPENDED, APP_NOT_ALLOWED, and those of the session
   */
  readonly authoriseMember: (
    context: RequestContext,
    request: InstallationRequest,
  ) => Promise<SessionRecord>;
}

export interface ManagingDeps extends Pick<EndpointDeps, "apps" | "sessions" | "credentials"> {
  readonly mayManage: InstallationOptions["mayManage"];
  /** Absent when apps get tokens without an installation. */
  readonly installedApps: InstalledApps | undefined;
}

export function createManaging(deps: ManagingDeps): Managing {
  const { sessions, credentials, apps, installedApps, mayManage } = deps;

  async function authenticate(context: RequestContext): Promise<SessionRecord> {
    const record = await sessions.authenticate(credentials.read(context.request), context);
    const { userId: sub, tenantId: tenant, handle: sid } = record;
    Object.assign(context.subject, { sub, tenant, sid });
    return record;
  }

  async function assertMayManage(
    record: SessionRecord,
    action: InstallationAction,
    app?: RegisteredApp,
  ): Promise<void> {
    // Anything but `true` refuses, so a hook that forgets to return is safe.
    const verdict: unknown = await mayManage?.({ session: toInfo(record), action, app });
    if (verdict === true) return;
    throw new BridgeError(
      "SCOPE_MISSING",
      "This session may not manage apps (installations.mayManage).",
    );
  }

  async function authenticateIn(context: RequestContext, tenantId: string): Promise<SessionRecord> {
    const record = await authenticate(context);
    if (tenantId !== record.tenantId) {
      throw new BridgeError(
        "TENANT_MISMATCH",
        "The active tenant of the session is not tenantId. Load the session again.",
      );
    }
    return record;
  }

  async function authorise(
    context: RequestContext,
    { appId, tenantId }: InstallationRequest,
    action: InstallationAction,
  ): Promise<SessionRecord> {
    const record = await authenticateIn(context, tenantId);
    await apps.settled(appId);
    const app = apps.catalog.get(appId);
    if (!app) throw new BridgeError("APP_UNKNOWN", "No app with this id is registered.");
    context.subject.app = app.id;
    await assertMayManage(record, action, app);
    return record;
  }

  async function authoriseMember(
    context: RequestContext,
    { appId, tenantId }: InstallationRequest,
  ): Promise<SessionRecord> {
    const record = await authenticateIn(context, tenantId);
    const app = await apps.usable(appId, tenantId);
    context.subject.app = app.id;
    if (installedApps && !(await installedApps.admits({ appId: app.id, tenantId }))) {
      throw new BridgeError("APP_NOT_ALLOWED", "The app is not installed in this tenant.");
    }
    return record;
  }

  return { authenticate, assertMayManage, authorise, authoriseMember };
}
