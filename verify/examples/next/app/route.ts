import { session } from "../session.ts";

export const GET = session.route(
  (_request, caller) => Response.json({ user: caller?.userId ?? null }),
  { required: false },
);
