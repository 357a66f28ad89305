/**
 * `/installations`: an administrator of a tenant installs apps from the host's page. The tenant is the
 * session's active one. The page names the tenant, too, so that a page that missed a switch in another
 * tab does not change the wrong tenant.
 */
import { BridgeError } from "@breezeway/shared";
import {
  installationRequestSchema,
  type Installation,
  type InstallationListResponse,
  type InstallationResponse,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import type { InstallationCommand } from "../../installations/installation-machine.ts";
import type {
  InstallationAction,
  InstallationOptions,
} from "../../installations/installation-options.ts";
import type { InstallationService } from "../../installations/installation-service.ts";
import { toInfo, type SessionRecord } from "../../sessions/session-record.ts";
import type { Endpoint, EndpointDeps, RequestContext } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";

export interface InstallationRoutesDeps extends Pick<
  EndpointDeps,
  "apps" | "sessions" | "credentials" | "limits"
> {
  readonly installations: InstallationService;
  readonly mayManage: InstallationOptions["mayManage"];
}

const COMMANDS: readonly (readonly [path: string, command: InstallationCommand])[] = [
  ["/installations/install", "install"],
  ["/installations/uninstall", "uninstall"],
  ["/installations/retry", "retry"],
  ["/installations/setup-completed", "complete-setup"],
];

export function installationRoutes(deps: InstallationRoutesDeps): readonly Endpoint[] {
  const { sessions, credentials, apps, limits, installations, mayManage } = deps;

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

  function answer(installation: Installation | undefined): Response {
    const body: InstallationResponse = { installation: installation ?? null };
    return json(body);
  }

  return [
    {
      method: "GET",
      path: "/installations",
      guard: "read",
      handle: async (context) => {
        const record = await authenticate(context);
        await assertMayManage(record, "list");
        const body: InstallationListResponse = {
          installations: await installations.listForTenant(record.tenantId),
        };
        return json(body);
      },
    },
    ...COMMANDS.map(([path, command]): Endpoint => ({
      method: "POST",
      path,
      guard: "change",
      handle: async (context) => {
        const { appId, tenantId } = await readJson(context.request, installationRequestSchema);
        const record = await authenticate(context);
        if (tenantId !== record.tenantId) {
          throw new BridgeError(
            "TENANT_MISMATCH",
            "The active tenant of the session is not tenantId. Load the session again.",
          );
        }
        await apps.settled(appId);
        const app = apps.catalog.get(appId);
        if (!app) throw new BridgeError("APP_UNKNOWN", "No app with this id is registered.");
        context.subject.app = app.id;
        await assertMayManage(record, command, app);
        await limits.installation(tenantId, command);
        const actor = { ...context.subject, requestId: context.requestId };
        return answer(await installations.run(command, { appId, tenantId }, actor));
      },
    })),
  ];
}
