/**
 * Something about each tenant, from memory. It is read once per tenant, and again after it has changed; another
 * lookup costs a read of a map.
 *
 * The answer is right while the change log is fresh, as for sessions.
 */
export interface ByTenant<T> {
  /** A promise while it is read. Rejects with STORE_UNAVAILABLE. */
  readonly of: (tenantId: string) => T | Promise<T>;
  /** Forgets a tenant, or all tenants when none is given. */
  readonly forget: (tenantId?: string) => void;
}

const MAX_TENANTS = 100_000;

export function createByTenant<T>(read: (tenantId: string) => Promise<T>): ByTenant<T> {
  const known = new Map<string, T>();
  // One for each tenant, shared by all who wait. Other tenants' changes leave it alone.
  const reads = new Map<string, Promise<T>>();

  function load(tenantId: string): Promise<T> {
    const begun = reads.get(tenantId);
    if (begun) return begun;
    const mine: Promise<T> = read(tenantId).then(
      (found) => {
        // The tenant was forgotten during the read, so the result may be older than the change.
        if (reads.get(tenantId) !== mine) return load(tenantId);
        reads.delete(tenantId);
        if (known.size >= MAX_TENANTS) known.clear();
        known.set(tenantId, found);
        return found;
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
    of: (tenantId) => known.get(tenantId) ?? load(tenantId),
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
