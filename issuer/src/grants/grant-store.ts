/**
 * The queries on grants: the scopes that a tenant has agreed to, by app. The row of a grant is locked while it changes, and
 * is written with its history and the change log in one transaction.
 */
import type { Transaction } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { Database, GrantChangeRow, GrantRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

export interface GrantKey {
  readonly appId: string;
  readonly tenantId: string;
}

export interface GrantRecord extends GrantKey {
  readonly scopes: readonly string[];
  /** The app's revision at the last change; 0 for an app of a file. */
  readonly appRevision: number;
  readonly actor: string | undefined;
  readonly changedAtMs: number;
}

export interface GrantUpdate {
  readonly scopes: readonly string[];
  readonly appRevision: number;
  readonly actor: string | undefined;
  readonly changes: readonly Change[];
}

export interface GrantStore {
  readonly find: (key: GrantKey) => Promise<GrantRecord | undefined>;
  /** Grants of a tenant, by app id. */
  readonly listForTenant: (tenantId: string) => Promise<GrantRecord[]>;
  /**
   * Writes what `decide` makes of the scopes that are granted now; nothing when it returns `undefined`.
   *
   * @returns whether it wrote anything
   */
  readonly update: (
    key: GrantKey,
    decide: (granted: readonly string[] | undefined) => GrantUpdate | undefined,
    nowMs: number,
  ) => Promise<boolean>;
  /** Changes of a grant, newest first. */
  readonly history: (key: GrantKey, limit: number) => Promise<GrantChangeRow[]>;
}

export function createGrantStore(store: OpenStore): GrantStore {
  const { db } = store;
  return {
    find: async ({ appId, tenantId }) => {
      const row = await withStore(store, () =>
        db
          .selectFrom("breezeway_grant")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("app_id", "=", appId)
          .where("changes", ">", 0)
          .executeTakeFirst(),
      );
      return row && fromRow(row);
    },
    listForTenant: async (tenantId) => {
      const rows = await withStore(store, () =>
        db
          .selectFrom("breezeway_grant")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("changes", ">", 0)
          .orderBy("app_id")
          .execute(),
      );
      return rows.map(fromRow);
    },
    update: (key, decide, nowMs) =>
      withStore(store, () =>
        db
          .transaction()
          .execute((transaction) => updateIn(store, transaction, { key, decide, nowMs })),
      ),
    history: ({ appId, tenantId }, limit) =>
      withStore(store, () =>
        db
          .selectFrom("breezeway_grant_change")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .where("app_id", "=", appId)
          .orderBy("number", "desc")
          .limit(limit)
          .execute(),
      ),
  };
}

interface Updating {
  readonly key: GrantKey;
  readonly decide: (granted: readonly string[] | undefined) => GrantUpdate | undefined;
  readonly nowMs: number;
}

async function updateIn(
  store: OpenStore,
  transaction: Transaction<Database>,
  { key, decide, nowMs }: Updating,
): Promise<boolean> {
  const { appId, tenantId } = key;
  const row = await lockedRow(store, transaction, { key, nowMs });
  const update = decide(row.changes === 0 ? undefined : scopesOf(row));
  if (!update) return false;
  const values = {
    scopes: JSON.stringify(update.scopes),
    app_revision: update.appRevision,
    actor: update.actor ?? null,
  };
  const number = row.changes + 1;
  await transaction
    .updateTable("breezeway_grant")
    .set({ ...values, changes: number, changed_at_ms: nowMs })
    .where("tenant_id", "=", tenantId)
    .where("app_id", "=", appId)
    .execute();
  await transaction
    .insertInto("breezeway_grant_change")
    .values({ ...values, tenant_id: tenantId, app_id: appId, number, at_ms: nowMs })
    .execute();
  await appendChanges(store, transaction, update.changes, nowMs);
  return true;
}

/** Makes the row of a grant that has none: only a row can be locked. */
async function lockedRow(
  store: OpenStore,
  transaction: Transaction<Database>,
  { key: { appId, tenantId }, nowMs }: Pick<Updating, "key" | "nowMs">,
): Promise<GrantRow> {
  await transaction
    .insertInto("breezeway_grant")
    .values({
      tenant_id: tenantId,
      app_id: appId,
      scopes: "[]",
      app_revision: 0,
      actor: null,
      changes: 0,
      changed_at_ms: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const query = transaction
    .selectFrom("breezeway_grant")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .where("app_id", "=", appId);
  // SQLite took its write lock when the transaction began.
  return (store.kind === "postgres" ? query.forUpdate() : query).executeTakeFirstOrThrow();
}

function scopesOf({ scopes }: Pick<GrantRow, "scopes">): readonly string[] {
  return JSON.parse(scopes) as string[];
}

function fromRow(row: GrantRow): GrantRecord {
  return {
    appId: row.app_id,
    tenantId: row.tenant_id,
    scopes: scopesOf(row),
    appRevision: row.app_revision,
    actor: row.actor ?? undefined,
    changedAtMs: row.changed_at_ms,
  };
}
