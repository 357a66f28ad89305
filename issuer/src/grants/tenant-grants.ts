/** Which scopes a tenant has agreed to, by app, from memory. An app without a grant has none. */
import { createByTenant } from "../by-tenant.ts";
import type { GrantKey, GrantStore } from "./grant-store.ts";

export interface TenantGrants {
  /** A promise while it is read. Rejects with STORE_UNAVAILABLE. */
  readonly of: (key: GrantKey) => ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** Forgets a tenant, or all tenants when none is given. */
  readonly forget: (tenantId?: string) => void;
}

const NOTHING: ReadonlySet<string> = new Set();

export function createTenantGrants(store: Pick<GrantStore, "listForTenant">): TenantGrants {
  const { of, forget } = createByTenant(
    async (tenantId): Promise<ReadonlyMap<string, ReadonlySet<string>>> =>
      new Map(
        (await store.listForTenant(tenantId)).map(({ appId, scopes }) => [appId, new Set(scopes)]),
      ),
  );
  return {
    of: ({ appId, tenantId }) => {
      const grants = of(tenantId);
      return grants instanceof Promise
        ? grants.then((found) => found.get(appId) ?? NOTHING)
        : (grants.get(appId) ?? NOTHING);
    },
    forget,
  };
}
