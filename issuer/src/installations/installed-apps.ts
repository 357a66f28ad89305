/** Which apps may have tokens in which tenant, from memory. */
import { createByTenant } from "../by-tenant.ts";
import { isAdmitted, type InstallationKey } from "./installation-machine.ts";
import type { InstallationStore } from "./installation-store.ts";

export interface InstalledApps {
  readonly admits: (key: InstallationKey) => boolean | Promise<boolean>;
  /** Forgets a tenant, or all tenants when none is given. */
  readonly forget: (tenantId?: string) => void;
}

export function createInstalledApps(
  store: Pick<InstallationStore, "listForTenant">,
): InstalledApps {
  const { of, forget } = createByTenant(async (tenantId): Promise<ReadonlySet<string>> => {
    const installations = await store.listForTenant(tenantId);
    const admitted = installations.filter(({ state }) => isAdmitted(state));
    return new Set(admitted.map(({ appId }) => appId));
  });
  return {
    admits: ({ appId, tenantId }) => {
      const apps = of(tenantId);
      return apps instanceof Promise ? apps.then((found) => found.has(appId)) : apps.has(appId);
    },
    forget,
  };
}
