/**
 * Which apps may have tokens in which tenant, from memory. One query per tenant, and again after one
 * of its connections has changed; a mint adds a lookup.
 *
 * Right as long as the change log is fresh, as for sessions.
 */
import type { ConnectionStore } from "./connection-store.ts";
import { isAdmitted, type ConnectionKey } from "./connection-machine.ts";

export interface ConnectedApps {
  admits(key: ConnectionKey): boolean | Promise<boolean>;
  /** Forgets a tenant; without one, all. */
  forget(tenantId?: string): void;
}

const MAX_TENANTS = 100_000;

export function createConnectedApps(store: Pick<ConnectionStore, "listForTenant">): ConnectedApps {
  const known = new Map<string, ReadonlySet<string>>();
  // What is read while something is forgotten may be from before it.
  let generation = 0;

  async function load({ appId, tenantId }: ConnectionKey): Promise<boolean> {
    for (;;) {
      const before = generation;
      const connections = await store.listForTenant(tenantId);
      if (before !== generation) continue;
      const apps = new Set(
        connections.filter(({ state }) => isAdmitted(state)).map((connection) => connection.appId),
      );
      if (known.size >= MAX_TENANTS) known.clear();
      known.set(tenantId, apps);
      return apps.has(appId);
    }
  }

  return {
    admits: (key) => known.get(key.tenantId)?.has(key.appId) ?? load(key),
    forget(tenantId) {
      generation += 1;
      if (tenantId === undefined) known.clear();
      else known.delete(tenantId);
    },
  };
}
