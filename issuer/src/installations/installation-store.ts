/** The queries of installations. Each function is atomic; what to do is decided by those who call. */
import type { Transaction } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { InstallationRow, Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import {
  MAX_DUE_AHEAD_MS,
  type InstallationKey,
  type InstallationRecord,
} from "./installation-machine.ts";

export interface InstallationStore {
  find(key: InstallationKey): Promise<InstallationRecord | undefined>;
  /** Installations of a tenant, uninstalled ones too, by app. */
  listForTenant(tenantId: string): Promise<InstallationRecord[]>;
  /**
   * Puts what `change` makes of an installation in its place, together with the changes that others
   * must hear of. Nobody else changes it meanwhile. Writes nothing when it is the same.
   */
  update(
    key: InstallationKey,
    change: (current: InstallationRecord | undefined) => InstallationUpdate,
    nowMs: number,
  ): Promise<InstallationRecord | undefined>;
  /** Installations whose call may begin, those first that wait longest. */
  listDue(
    nowMs: number,
    query: { readonly limit: number; readonly withoutApps: readonly string[] },
  ): Promise<InstallationRecord[]>;
  /** When the next call may begin that may not now; `undefined` when none waits. */
  nextDueAtMs(nowMs: number): Promise<number | undefined>;
}

export interface InstallationUpdate {
  readonly next: InstallationRecord | undefined;
  readonly changes: readonly Change[];
}

const CALLING = ["installing", "uninstalling"] as const satisfies InstallationRecord["state"][];

export function createInstallationStore(store: OpenStore): InstallationStore {
  const { db } = store;

  async function lockedRow(
    transaction: Transaction<Database>,
    { appId, tenantId }: InstallationKey,
  ): Promise<InstallationRow | undefined> {
    const query = transaction
      .selectFrom("breezeway_installation")
      .selectAll()
      .where("app_id", "=", appId)
      .where("tenant_id", "=", tenantId);
    // SQLite has taken its write lock when the transaction began.
    return (store.kind === "postgres" ? query.forUpdate() : query).executeTakeFirst();
  }

  async function updateOnce(
    key: InstallationKey,
    change: (current: InstallationRecord | undefined) => InstallationUpdate,
    nowMs: number,
  ): Promise<InstallationRecord | undefined | typeof RACED> {
    return db.transaction().execute(async (transaction) => {
      const row = await lockedRow(transaction, key);
      const current = row && fromRow(row);
      const { next, changes } = change(current);
      if (next === undefined || next === current) return next;
      if (current) {
        await transaction
          .updateTable("breezeway_installation")
          .set(toRow(next))
          .where("app_id", "=", key.appId)
          .where("tenant_id", "=", key.tenantId)
          .execute();
      } else {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto("breezeway_installation")
          .values(toRow(next))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        // There was no row to lock, and another process has made one since.
        if (numInsertedOrUpdatedRows !== 1n) return RACED;
      }
      await appendChanges(store, transaction, changes, nowMs);
      return next;
    });
  }

  return {
    async find({ appId, tenantId }) {
      const row = await withStore(store, () =>
        db
          .selectFrom("breezeway_installation")
          .selectAll()
          .where("app_id", "=", appId)
          .where("tenant_id", "=", tenantId)
          .executeTakeFirst(),
      );
      return row && fromRow(row);
    },
    async listForTenant(tenantId) {
      const rows = await withStore(store, () =>
        db
          .selectFrom("breezeway_installation")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("app_id")
          .execute(),
      );
      return rows.map(fromRow);
    },
    async update(key, change, nowMs) {
      for (;;) {
        const next = await withStore(store, () => updateOnce(key, change, nowMs));
        if (next !== RACED) return next;
      }
    },
    async listDue(nowMs, { limit, withoutApps }) {
      let query = db
        .selectFrom("breezeway_installation")
        .selectAll()
        .where("state", "in", [...CALLING])
        .where((row) =>
          row.or([row("due_at_ms", "<=", nowMs), row("due_at_ms", ">", nowMs + MAX_DUE_AHEAD_MS)]),
        )
        .orderBy("due_at_ms")
        .limit(limit);
      if (withoutApps.length > 0) query = query.where("app_id", "not in", [...withoutApps]);
      return (await withStore(store, () => query.execute())).map(fromRow);
    },
    async nextDueAtMs(nowMs) {
      const row = await withStore(store, () =>
        db
          .selectFrom("breezeway_installation")
          .select("due_at_ms")
          .where("state", "in", [...CALLING])
          .where("due_at_ms", ">", nowMs)
          .orderBy("due_at_ms")
          .limit(1)
          .executeTakeFirst(),
      );
      return row?.due_at_ms;
    },
  };
}

const RACED = Symbol("raced");

function fromRow(row: InstallationRow): InstallationRecord {
  const { failure_event: event, failure_reason: reason, failure_detail: detail } = row;
  return {
    appId: row.app_id,
    tenantId: row.tenant_id,
    id: row.id,
    // Written by this package only.
    state: row.state,
    failure:
      event === null || reason === null
        ? undefined
        : { event, reason, ...(detail === null ? {} : { detail }) },
    attempts: row.attempts,
    dueAtMs: row.due_at_ms,
    leaseId: row.lease_id ?? undefined,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
  };
}

function toRow(record: InstallationRecord): InstallationRow {
  return {
    app_id: record.appId,
    tenant_id: record.tenantId,
    id: record.id,
    state: record.state,
    failure_event: record.failure?.event ?? null,
    failure_reason: record.failure?.reason ?? null,
    failure_detail: record.failure?.detail ?? null,
    attempts: record.attempts,
    due_at_ms: record.dueAtMs,
    lease_id: record.leaseId ?? null,
    created_at_ms: record.createdAtMs,
    changed_at_ms: record.changedAtMs,
  };
}
