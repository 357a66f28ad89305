/** The queries on calls that tell apps' backends of erased users. */
import type { ErasureCallRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { MAX_DUE_AHEAD_MS } from "../installations/installation-machine.ts";

/** An app in a tenant. */
export interface ErasureKey {
  readonly appId: string;
  readonly tenantId: string;
}

export interface ToTell extends ErasureKey {
  readonly installationId: string;
}

export interface ErasureCalls {
  /** Adds calls that are due at once. A call that waits already starts again. */
  readonly add: (userId: string, apps: readonly ToTell[]) => Promise<void>;
  /** Calls that are due, the longest wait first. A time that only a wrong clock can have written is due, too. */
  readonly listDue: (nowMs: number, limit: number) => Promise<ErasureCallRow[]>;
  /** Takes a call for a while. `false` when another process was faster. */
  readonly claim: (row: ErasureCallRow, next: CallTimes) => Promise<boolean>;
  /** Sets the time of the next attempt of a call that this process has claimed. */
  readonly retry: (row: ErasureCallRow, leaseId: string, next: RetryAt) => Promise<void>;
  /** Ends a call that this process has claimed. */
  readonly end: (row: ErasureCallRow, leaseId: string) => Promise<void>;
}

interface CallTimes {
  readonly leaseId: string;
  readonly dueAtMs: number;
}

interface RetryAt {
  readonly attempts: number;
  readonly dueAtMs: number;
}

/** Installations of a tenant that are there in any state but `uninstalled`. */
export async function listToTell(store: OpenStore, tenantId: string): Promise<ToTell[]> {
  return withStore(store, () =>
    store.db
      .selectFrom("breezeway_installation")
      .select(["app_id as appId", "tenant_id as tenantId", "id as installationId"])
      .where("tenant_id", "=", tenantId)
      .where("state", "!=", "uninstalled")
      .orderBy("app_id")
      .execute(),
  );
}

export function createErasureCalls(store: OpenStore): ErasureCalls {
  const { db } = store;
  return {
    add: async (userId, apps) => {
      if (apps.length === 0) return;
      const rows = apps.map(({ appId, tenantId, installationId }) => ({
        user_id: userId,
        app_id: appId,
        tenant_id: tenantId,
        installation_id: installationId,
        attempts: 0,
        due_at_ms: 0,
        lease_id: null,
      }));
      await withStore(store, () =>
        db
          .insertInto("breezeway_erasure_call")
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(["user_id", "app_id", "tenant_id"]).doUpdateSet((eb) => ({
              installation_id: eb.ref("excluded.installation_id"),
              attempts: 0,
              due_at_ms: 0,
              // The answer to a call that is under way must not end this one.
              lease_id: null,
            })),
          )
          .execute(),
      );
    },
    listDue: (nowMs, limit) =>
      withStore(store, () =>
        db
          .selectFrom("breezeway_erasure_call")
          .selectAll()
          .where((eb) =>
            eb.or([eb("due_at_ms", "<=", nowMs), eb("due_at_ms", ">", nowMs + MAX_DUE_AHEAD_MS)]),
          )
          .orderBy("due_at_ms")
          .limit(limit)
          .execute(),
      ),
    claim: async (row, { leaseId, dueAtMs }) => {
      const { numUpdatedRows } = await withStore(store, () =>
        db
          .updateTable("breezeway_erasure_call")
          .set({ lease_id: leaseId, due_at_ms: dueAtMs, attempts: row.attempts + 1 })
          .where("user_id", "=", row.user_id)
          .where("app_id", "=", row.app_id)
          .where("tenant_id", "=", row.tenant_id)
          .where("due_at_ms", "=", row.due_at_ms)
          .where("attempts", "=", row.attempts)
          .executeTakeFirst(),
      );
      return numUpdatedRows === 1n;
    },
    retry: async (row, leaseId, { attempts, dueAtMs }) => {
      await withStore(store, () =>
        db
          .updateTable("breezeway_erasure_call")
          .set({ lease_id: null, attempts, due_at_ms: dueAtMs })
          .where("user_id", "=", row.user_id)
          .where("app_id", "=", row.app_id)
          .where("tenant_id", "=", row.tenant_id)
          .where("lease_id", "=", leaseId)
          .execute(),
      );
    },
    end: async (row, leaseId) => {
      await withStore(store, () =>
        db
          .deleteFrom("breezeway_erasure_call")
          .where("user_id", "=", row.user_id)
          .where("app_id", "=", row.app_id)
          .where("tenant_id", "=", row.tenant_id)
          .where("lease_id", "=", leaseId)
          .execute(),
      );
    },
  };
}
