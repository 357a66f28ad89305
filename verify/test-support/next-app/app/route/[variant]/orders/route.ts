import { sessionsOf } from "../../../../sessions.ts";

interface Context {
  readonly params: Promise<{ readonly variant: string }>;
}

export async function GET(request: Request, context: Context): Promise<Response> {
  const { variant } = await context.params;
  const handler = sessionsOf(variant).route(
    (_request: Request, caller) => Response.json({ user: caller.userId, tenant: caller.tenantId }),
    { scopes: ["orders:read"] },
  );
  return handler(request);
}

export const OPTIONS = GET;
