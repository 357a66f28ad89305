import type { NextApiRequest, NextApiResponse } from "next";
import { session } from "../../session.ts";

export default session.page(
  (_request: NextApiRequest, response: NextApiResponse, caller) => {
    response.json({ user: caller.userId, tenant: caller.tenantId });
  },
  { scopes: ["orders:read"] },
);
