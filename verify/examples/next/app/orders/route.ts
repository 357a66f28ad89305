import { session } from "../../session.ts";

export const GET = session.route(
  (_request, caller) => Response.json({ user: caller.userId, tenant: caller.tenantId }),
  { scopes: ["orders:read"] },
);
export const OPTIONS = GET;
