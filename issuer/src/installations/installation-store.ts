/** The queries on installations. Each function is atomic; the callers decide what to write. */
import type { Kysely, SelectQueryBuilder, Transaction } from "kysely";
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
  readonly find: (key: InstallationKey) => Promise<InstallationRecord | undefined>;
  /** Installations of a tenant, uninstalled ones included, by app id. */
  readonly listForTenant: (tenantId: string) => Promise<InstallationRecord[]>;
  /**
   * Replaces an installation by the result of `change`, together with the changes for the log, under
   * the row's lock. Writes nothing when the result is the same record.
   */
  readonly update: (
    key: InstallationKey,
    change: InstallationChange,
    nowMs: number,
  ) => Promise<InstallationRecord | undefined>;
  /** Installations whose call may start, longest wait first. */
  readonly listDue: (nowMs: number, query: DueQuery) => Promise<InstallationRecord[]>;
  /** When the next call that is not due yet may start; `undefined` when no call waits. */
  readonly nextDueAtMs: (nowMs: number) => Promise<number | undefined>;
}

export interface DueQuery {
  readonly limit: number;
  /** Apps to leave out. */
  readonly withoutApps: readonly string[];
}

export type InstallationChange = (current: InstallationRecord | undefined) => InstallationUpdate;

export interface InstallationUpdate {
  readonly next: InstallationRecord | undefined;
  readonly changes: readonly Change[];
}

const CALLING = ["installing", "uninstalling"] as const satisfies InstallationRecord["state"][];

/** Another process has inserted the row in the meantime. */
const RACED = Symbol("raced");

export function createInstallationStore(store: OpenStore): InstallationStore {
  const { db } = store;
  return {
    find: async ({ appId, tenantId }) => {
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
    listForTenant: async (tenantId) => {
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
    update: async (key, change, nowMs) => {
      for (;;) {
        const next = await withStore(store, () => updateOnce(store, key, { change, nowMs }));
        if (next !== RACED) return next;
      }
    },
    listDue: async (nowMs, query) =>
      (await withStore(store, () => dueQuery(db, nowMs, query).execute())).map(fromRow),
    nextDueAtMs: async (nowMs) => {
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

async function updateOnce(
  store: OpenStore,
  key: InstallationKey,
  { change, nowMs }: { readonly change: InstallationChange; readonly nowMs: number },
): Promise<InstallationRecord | undefined | typeof RACED> {
  return store.db.transaction().execute(async (transaction) => {
    const row = await lockedRow(store, transaction, key);
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
      // There was no row to lock, and another process has inserted one since.
      if (numInsertedOrUpdatedRows !== 1n) return RACED;
    }
    await appendChanges(store, transaction, changes, nowMs);
    return next;
  });
}

async function lockedRow(
  store: OpenStore,
  transaction: Transaction<Database>,
  { appId, tenantId }: InstallationKey,
): Promise<InstallationRow | undefined> {
  const query = transaction
    .selectFrom("breezeway_installation")
    .selectAll()
    .where("app_id", "=", appId)
    .where("tenant_id", "=", tenantId);
  // SQLite took its write lock when the transaction began.
  return (store.kind === "postgres" ? query.forUpdate() : query).executeTakeFirst();
}

function dueQuery(
  db: Kysely<Database>,
  nowMs: number,
  { limit, withoutApps }: DueQuery,
): SelectQueryBuilder<Database, "breezeway_installation", InstallationRow> {
  const query = db
    .selectFrom("breezeway_installation")
    .selectAll()
    .where("state", "in", [...CALLING])
    .where((row) =>
      row.or([row("due_at_ms", "<=", nowMs), row("due_at_ms", ">", nowMs + MAX_DUE_AHEAD_MS)]),
    )
    .orderBy("due_at_ms")
    .limit(limit);
  return withoutApps.length > 0 ? query.where("app_id", "not in", [...withoutApps]) : query;
}

function fromRow(row: InstallationRow): InstallationRecord {
  const { failure_event: event, failure_reason: reason, failure_detail: detail } = row;
  return {
    appId: row.app_id,
    tenantId: row.tenant_id,
    id: row.id,
    // Only this package writes the column.
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
