import type { NextApiRequest, NextApiResponse } from "next";
import { sessionsOf } from "../../../sessions.ts";

export default async function handler(
  request: NextApiRequest,
  response: NextApiResponse,
): Promise<void> {
  const page = sessionsOf(request.query["variant"]).page(
    (_request: NextApiRequest, answer: NextApiResponse, caller) => {
      answer.json({ user: caller?.userId ?? null });
    },
    { required: false },
  );
  await page(request, response);
}
