/** `/installations/grant`: an administrator of a tenant decides what its apps may do. */
import {
  grantRequestSchema,
  type GrantListResponse,
  type GrantResponse,
} from "@breezeway/shared/schemas";
import type { GrantService } from "../../grants/grant-service.ts";
import { toGrant } from "../../grants/grants-api.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";
import type { Managing } from "./managing.ts";

export interface GrantRoutesDeps extends Pick<EndpointDeps, "limits"> {
  readonly grants: GrantService;
  readonly managing: Managing;
}

export function grantRoutes({ grants, limits, managing }: GrantRoutesDeps): readonly Endpoint[] {
  return [
    {
      method: "GET",
      path: "/installations/grants",
      guard: "read",
      handle: async (context) => {
        const record = await managing.authenticate(context);
        await managing.assertMayManage(record, "list");
        const records = await grants.listForTenant(record.tenantId);
        const body: GrantListResponse = { grants: records.map(toGrant) };
        return json(body);
      },
    },
    {
      method: "POST",
      path: "/installations/grant",
      guard: "change",
      handle: async (context) => {
        const request = await readJson(context.request, grantRequestSchema);
        const { userId: actor } = await managing.authorise(context, request, "grant");
        await limits.installation(request.tenantId, "grant");
        const body: GrantResponse = { grant: toGrant(await grants.set({ ...request, actor })) };
        return json(body);
      },
    },
  ];
}
