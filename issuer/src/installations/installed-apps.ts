/**
 * Which apps may have tokens in which tenant, from memory. It queries once per tenant, and again after
 * an installation of the tenant has changed; a mint costs one lookup.
 *
 * The answer is right while the change log is fresh, as for sessions.
 */
import type { InstallationStore } from "./installation-store.ts";
import { isAdmitted, type InstallationKey } from "./installation-machine.ts";

export interface InstalledApps {
  readonly admits: (key: InstallationKey) => boolean | Promise<boolean>;
  /** Forgets a tenant, or all tenants when none is given. */
  readonly forget: (tenantId?: string) => void;
}

const MAX_TENANTS = 100_000;

export function createInstalledApps(
  store: Pick<InstallationStore, "listForTenant">,
): InstalledApps {
  const known = new Map<string, ReadonlySet<string>>();
  // One for each tenant, shared by all who wait. Other tenants' changes leave it alone.
  const reads = new Map<string, Promise<ReadonlySet<string>>>();

  async function read(tenantId: string): Promise<ReadonlySet<string>> {
    const installations = await store.listForTenant(tenantId);
    const admitted = installations.filter(({ state }) => isAdmitted(state));
    return new Set(admitted.map(({ appId }) => appId));
  }

  function load(tenantId: string): Promise<ReadonlySet<string>> {
    const begun = reads.get(tenantId);
    if (begun) return begun;
    const mine: Promise<ReadonlySet<string>> = read(tenantId).then(
      (apps) => {
        // The tenant was forgotten during the read, so the result may be older than the change.
        if (reads.get(tenantId) !== mine) return load(tenantId);
        reads.delete(tenantId);
        if (known.size >= MAX_TENANTS) known.clear();
        known.set(tenantId, apps);
        return apps;
      },
      (error: unknown) => {
        if (reads.get(tenantId) === mine) reads.delete(tenantId);
        throw error;
      },
    );
    reads.set(tenantId, mine);
    return mine;
  }

  return {
    admits: ({ appId, tenantId }) =>
      known.get(tenantId)?.has(appId) ?? load(tenantId).then((apps) => apps.has(appId)),
    forget: (tenantId) => {
      if (tenantId === undefined) {
        known.clear();
        reads.clear();
      } else {
        known.delete(tenantId);
        reads.delete(tenantId);
      }
    },
  };
}
