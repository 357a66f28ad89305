import { verifyLifecycle, type LifecycleOptions } from "@breezeway/verify/lifecycle";

type Fetch = (request: Request) => Promise<Response>;

/** Which tenants use the app, by the installation that they have: a table in a real backend. */
export function createLifecycleHandler(
  options: LifecycleOptions,
  tenants: Map<string, string>,
): Fetch {
  const lifecycle = verifyLifecycle(options);
  return lifecycle.handler(({ event, installationId, tenantId }) => {
    if (event === "connect") tenants.set(tenantId, installationId);
    // A late disconnect of an earlier installation leaves the one that the tenant has now.
    else if (event === "disconnect" && tenants.get(tenantId) === installationId) {
      tenants.delete(tenantId);
    }
  });
}
