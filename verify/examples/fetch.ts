import { verifySession, type SessionOptions } from "@breezeway/verify/fetch";

type Fetch = (request: Request) => Promise<Response>;

export function createHandler(options: SessionOptions): Fetch {
  const session = verifySession(options);
  const home: Fetch = session.handler(
    (_request, caller) => Response.json({ user: caller?.userId ?? null }),
    { required: false },
  );
  const orders: Fetch = session.handler(
    (_request, caller) => Response.json({ user: caller.userId, tenant: caller.tenantId }),
    { scopes: ["orders:read"] },
  );
  return (request) => (new URL(request.url).pathname === "/" ? home : orders)(request);
}
