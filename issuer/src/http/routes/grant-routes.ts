/**
 * `/installations/grant`: an administrator of a tenant decides what its apps may do. `/installations/wish`: any user of the
 * tenant asks for it.
 */
import {
  grantRequestSchema,
  grantWishRequestSchema,
  type GrantListResponse,
  type GrantResponse,
  type GrantWishResponse,
} from "@breezeway/shared/schemas";
import type { GrantService } from "../../grants/grant-service.ts";
import { toGrant, toWish } from "../../grants/grants-api.ts";
import type { Endpoint, EndpointDeps } from "../context.ts";
import { readJson } from "../read-json.ts";
import { json } from "../respond.ts";
import type { Managing } from "./managing.ts";

const MAX_WISHES = 1_000;

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
        const { tenantId } = record;
        const [records, wishes] = await Promise.all([
          grants.listForTenant(tenantId),
          grants.wishes(tenantId, MAX_WISHES),
        ]);
        const body: GrantListResponse = {
          grants: records.map(toGrant),
          wishes: wishes.map(toWish),
        };
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
    {
      method: "POST",
      path: "/installations/wish",
      guard: "change",
      handle: async (context) => {
        const request = await readJson(context.request, grantWishRequestSchema);
        const { userId, handle } = await managing.authoriseMember(context, request);
        // Counted by session: one user must not use up the wishes of a tenant.
        await limits.installation(handle, "wish");
        const wish = await grants.wish({ ...request, userId });
        const body: GrantWishResponse = { wish: wish ? toWish(wish) : null };
        return json(body);
      },
    },
  ];
}
