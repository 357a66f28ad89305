import { verifyLifecycle, type LifecycleOptions } from "@breezeway/verify/lifecycle";

type Fetch = (request: Request) => Promise<Response>;

/** Which tenants use the app, by the installation that they have: a table in a real backend. */
export function createLifecycleHandler(
  options: LifecycleOptions,
  tenants: Map<string, string>,
): Fetch {
  const lifecycle = verifyLifecycle(options);
  return lifecycle.handler(({ event, connectionId, tenantId }) => {
    if (event === "connect") tenants.set(tenantId, connectionId);
    // A late disconnect of an earlier installation leaves the one that the tenant has now.
    else if (tenants.get(tenantId) === connectionId) tenants.delete(tenantId);
  });
}
