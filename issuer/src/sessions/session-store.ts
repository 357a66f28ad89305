/** The queries of sessions. Each function is atomic; none decides anything. */
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { SessionRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { fromRow, toRow, type SessionRecord } from "./session-record.ts";

export interface RevokeQuery {
  readonly userId?: string;
  readonly tenantId?: string;
  readonly handle?: string;
}

export interface SessionStore {
  insert(record: SessionRecord): Promise<void>;
  findBySelector(selectorHash: string): Promise<SessionRecord | undefined>;
  findByHandle(handle: string): Promise<SessionRecord | undefined>;
  /** Sessions of a user that were not revoked, newest first. Expired ones are among them. */
  listForUser(userId: string, tenantId?: string): Promise<SessionRecord[]>;
  /**
   * Writes `next` if the secret is still the one of `seen` and the session is not revoked.
   *
   * @returns false when somebody else was faster
   */
  replace(
    seen: SessionRecord,
    next: Partial<SessionRow>,
    changes: readonly Change[],
    nowMs: number,
  ): Promise<boolean>;
  /** Changes what is not secret, in one transaction with its change. */
  update(
    handle: string,
    change: (record: SessionRecord) => Partial<SessionRow>,
    log: readonly Change[],
    nowMs: number,
  ): Promise<SessionRecord | undefined>;
  /** Revokes what matches and is not revoked yet; gives the sessions that it ended. */
  revoke(query: RevokeQuery, reason: string, nowMs: number): Promise<SessionRecord[]>;
  /** Ends every token that was made for an app so far. */
  revokeApp(appId: string, nowMs: number): Promise<void>;
  /** Deletes sessions whose end lies before a time. */
  purge(beforeMs: number, idleMs: number): Promise<void>;
}

/** More revoked sessions than this are announced as one change of the user or tenant. */
export const MAX_SESSION_CHANGES = 1_000;

export function createSessionStore(store: OpenStore): SessionStore {
  const { db } = store;

  async function findOne(
    column: "handle" | "selector_hash",
    value: string,
  ): Promise<SessionRecord | undefined> {
    const row = await withStore(store, () =>
      db.selectFrom("breezeway_session").selectAll().where(column, "=", value).executeTakeFirst(),
    );
    return row && fromRow(row);
  }

  return {
    async insert(record) {
      await withStore(store, () =>
        store.write(db.insertInto("breezeway_session").values(toRow(record)).compile()),
      );
    },
    findBySelector: (selectorHash) => findOne("selector_hash", selectorHash),
    findByHandle: (handle) => findOne("handle", handle),
    async listForUser(userId, tenantId) {
      let query = db
        .selectFrom("breezeway_session")
        .selectAll()
        .where("user_id", "=", userId)
        .where("revoked_at_ms", "is", null)
        .orderBy("created_at_ms", "desc");
      if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
      return (await withStore(store, () => query.execute())).map(fromRow);
    },
    async replace(seen, next, changes, nowMs) {
      const update = db
        .updateTable("breezeway_session")
        .set(next)
        .where("handle", "=", seen.handle)
        .where("secret_hash", "=", seen.secretHash)
        .where("revoked_at_ms", "is", null)
        .compile();
      return withStore(store, async () => {
        if (changes.length === 0) return (await store.write(update)).numAffectedRows === 1n;
        return db.transaction().execute(async (transaction) => {
          const { numAffectedRows } = await transaction.executeQuery(update);
          if (numAffectedRows !== 1n) return false;
          await appendChanges(store, transaction, changes, nowMs);
          return true;
        });
      });
    },
    async update(handle, change, log, nowMs) {
      return withStore(store, () =>
        db.transaction().execute(async (transaction) => {
          let query = transaction
            .selectFrom("breezeway_session")
            .selectAll()
            .where("handle", "=", handle)
            .where("revoked_at_ms", "is", null);
          // SQLite has taken its write lock when the transaction began.
          if (store.kind === "postgres") query = query.forUpdate();
          const row = await query.executeTakeFirst();
          if (!row) return undefined;
          const updated = await transaction
            .updateTable("breezeway_session")
            .set(change(fromRow(row)))
            .where("handle", "=", handle)
            .returningAll()
            .executeTakeFirstOrThrow();
          await appendChanges(store, transaction, log, nowMs);
          return fromRow(updated);
        }),
      );
    },
    async revoke(query, reason, nowMs) {
      return withStore(store, () =>
        db.transaction().execute(async (transaction) => {
          let update = transaction
            .updateTable("breezeway_session")
            .set({ revoked_at_ms: nowMs, revoked_reason: reason })
            .where("revoked_at_ms", "is", null);
          if (query.handle !== undefined) update = update.where("handle", "=", query.handle);
          if (query.userId !== undefined) update = update.where("user_id", "=", query.userId);
          if (query.tenantId !== undefined) update = update.where("tenant_id", "=", query.tenantId);
          const rows = await update.returningAll().execute();
          const ended = rows.map(fromRow);
          await appendChanges(store, transaction, changesOf(query, ended, reason), nowMs);
          return ended;
        }),
      );
    },
    async revokeApp(appId, nowMs) {
      await withStore(store, () =>
        db
          .transaction()
          .execute((transaction) =>
            appendChanges(store, transaction, [{ kind: "app", subject: appId }], nowMs),
          ),
      );
    },
    async purge(beforeMs, idleMs) {
      await withStore(store, () =>
        db
          .deleteFrom("breezeway_session")
          .where((eb) =>
            eb.or([
              eb("expires_at_ms", "<", beforeMs),
              eb("last_active_at_ms", "<", beforeMs - idleMs),
              eb("revoked_at_ms", "<", beforeMs),
            ]),
          )
          .execute(),
      );
    },
  };
}

/**
 * One change per session is exact, since such a change ends a token whenever it was made. Beyond a
 * bound the feed gets a single change instead, so that it stays small whatever the store holds.
 */
function changesOf(
  query: RevokeQuery,
  ended: readonly SessionRecord[],
  reason: string,
): readonly Change[] {
  if (ended.length <= MAX_SESSION_CHANGES) {
    return ended.map(({ handle }) => ({ kind: "session", subject: handle, detail: reason }));
  }
  const { userId, tenantId } = query;
  if (userId !== undefined) {
    return [{ kind: "user", subject: userId, ...(tenantId === undefined ? {} : { tenantId }) }];
  }
  return [{ kind: "tenant", subject: tenantId ?? "" }];
}
