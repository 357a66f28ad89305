/**
 * `/installations`: an administrator of a tenant installs apps from the host's page. The tenant is the
 * session's active one. The page names the tenant, too, so that a page that missed a switch in another
 * tab does not change the wrong tenant.
 */
import {
  installationRequestSchema,
  type Installation,
  type InstallationListResponse,
  type InstallationResponse,
} from "@breezeway/shared/schemas";
import type { InstallationCommand } from "../../installations/installation-machine.ts";
import type { InstallationService } from "../../installations/installation-service.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";
import type { Managing } from "./managing.ts";

export interface InstallationRoutesDeps extends Pick<EndpointDeps, "limits"> {
  readonly installations: InstallationService;
  readonly managing: Managing;
}

const COMMANDS: readonly (readonly [path: string, command: InstallationCommand])[] = [
  ["/installations/install", "install"],
  ["/installations/uninstall", "uninstall"],
  ["/installations/retry", "retry"],
  ["/installations/setup-completed", "complete-setup"],
];

export function installationRoutes(deps: InstallationRoutesDeps): readonly Endpoint[] {
  const { limits, installations, managing } = deps;

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
        const record = await managing.authenticate(context);
        await managing.assertMayManage(record, "list");
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
        const request = await readJson(context.request, installationRequestSchema);
        const { appId, tenantId } = request;
        await managing.authorise(context, request, command);
        await limits.installation(tenantId, command);
        const actor = { ...context.subject, requestId: context.requestId };
        return answer(await installations.run(command, { appId, tenantId }, actor));
      },
    })),
  ];
}
