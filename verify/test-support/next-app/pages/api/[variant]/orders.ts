import type { NextApiRequest, NextApiResponse } from "next";
import { sessionsOf } from "../../../sessions.ts";

export default async function handler(
  request: NextApiRequest,
  response: NextApiResponse,
): Promise<void> {
  const page = sessionsOf(request.query["variant"]).page(
    (_request: NextApiRequest, answer: NextApiResponse, caller) => {
      answer.json({ user: caller.userId, tenant: caller.tenantId });
    },
    { scopes: ["orders:read"] },
  );
  await page(request, response);
}
