/** The queries of connections. Each function is atomic; what to do is decided by those who call. */
import type { Transaction } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { ConnectionRow, Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import {
  MAX_DUE_AHEAD_MS,
  type ConnectionKey,
  type ConnectionRecord,
} from "./connection-machine.ts";

export interface ConnectionStore {
  find(key: ConnectionKey): Promise<ConnectionRecord | undefined>;
  /** Connections of a tenant, disconnected ones too, by app. */
  listForTenant(tenantId: string): Promise<ConnectionRecord[]>;
  /**
   * Puts what `change` makes of a connection in its place, together with the changes that others
   * must hear of. Nobody else changes it meanwhile. Writes nothing when it is the same.
   */
  update(
    key: ConnectionKey,
    change: (current: ConnectionRecord | undefined) => ConnectionUpdate,
    nowMs: number,
  ): Promise<ConnectionRecord | undefined>;
  /** Connections whose call may begin, those first that wait longest. */
  listDue(
    nowMs: number,
    query: { readonly limit: number; readonly withoutApps: readonly string[] },
  ): Promise<ConnectionRecord[]>;
  /** When the next call may begin that may not now; `undefined` when none waits. */
  nextDueAtMs(nowMs: number): Promise<number | undefined>;
}

export interface ConnectionUpdate {
  readonly next: ConnectionRecord | undefined;
  readonly changes: readonly Change[];
}

const CALLING = ["connecting", "disconnecting"] as const satisfies ConnectionRecord["state"][];

export function createConnectionStore(store: OpenStore): ConnectionStore {
  const { db } = store;

  async function lockedRow(
    transaction: Transaction<Database>,
    { appId, tenantId }: ConnectionKey,
  ): Promise<ConnectionRow | undefined> {
    const query = transaction
      .selectFrom("breezeway_connection")
      .selectAll()
      .where("app_id", "=", appId)
      .where("tenant_id", "=", tenantId);
    // SQLite has taken its write lock when the transaction began.
    return (store.kind === "postgres" ? query.forUpdate() : query).executeTakeFirst();
  }

  async function updateOnce(
    key: ConnectionKey,
    change: (current: ConnectionRecord | undefined) => ConnectionUpdate,
    nowMs: number,
  ): Promise<ConnectionRecord | undefined | typeof RACED> {
    return db.transaction().execute(async (transaction) => {
      const row = await lockedRow(transaction, key);
      const current = row && fromRow(row);
      const { next, changes } = change(current);
      if (next === undefined || next === current) return next;
      if (current) {
        await transaction
          .updateTable("breezeway_connection")
          .set(toRow(next))
          .where("app_id", "=", key.appId)
          .where("tenant_id", "=", key.tenantId)
          .execute();
      } else {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto("breezeway_connection")
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
          .selectFrom("breezeway_connection")
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
          .selectFrom("breezeway_connection")
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
        .selectFrom("breezeway_connection")
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
          .selectFrom("breezeway_connection")
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

function fromRow(row: ConnectionRow): ConnectionRecord {
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

function toRow(record: ConnectionRecord): ConnectionRow {
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
