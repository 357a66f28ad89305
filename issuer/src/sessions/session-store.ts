/** The queries on sessions. Each function is atomic; the callers decide what to write. */
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
  readonly insert: (record: SessionRecord) => Promise<void>;
  readonly findBySelector: (selectorHash: string) => Promise<SessionRecord | undefined>;
  readonly findByHandle: (handle: string) => Promise<SessionRecord | undefined>;
  /** Sessions of a user that were not revoked, newest first. Expired ones are included. */
  readonly listForUser: (userId: string, tenantId?: string) => Promise<SessionRecord[]>;
  /**
   * Writes `next` if the secrets are still those of `seen` and the session is not revoked.
   *
   * @returns false when another caller was faster
   */
  readonly replace: (
    seen: SessionRecord,
    next: Partial<SessionRow>,
    changes: readonly Change[],
    nowMs: number,
  ) => Promise<boolean>;
  /** Updates columns other than the secrets, in one transaction with the log. */
  readonly update: (
    handle: string,
    change: (record: SessionRecord) => Partial<SessionRow>,
    log: readonly Change[],
    nowMs: number,
  ) => Promise<SessionRecord | undefined>;
  /** Revokes the matching sessions that are not revoked yet, and returns them. */
  readonly revoke: (query: RevokeQuery, reason: string, nowMs: number) => Promise<SessionRecord[]>;
  /** Revokes every token of an app so far. */
  readonly revokeApp: (appId: string, nowMs: number) => Promise<void>;
  /** Deletes sessions that ended before a time. */
  readonly purge: (beforeMs: number, idleMs: number) => Promise<void>;
}

/** When more sessions are revoked at once, the log gets one change of the user or tenant. */
export const MAX_SESSION_CHANGES = 1_000;

export function createSessionStore(store: OpenStore): SessionStore {
  const { db } = store;

  const findOne = async (
    column: "handle" | "selector_hash",
    value: string,
  ): Promise<SessionRecord | undefined> => {
    const row = await withStore(store, () =>
      db.selectFrom("breezeway_session").selectAll().where(column, "=", value).executeTakeFirst(),
    );
    return row && fromRow(row);
  };

  return {
    insert: async (record) => {
      await withStore(store, () =>
        store.write(db.insertInto("breezeway_session").values(toRow(record)).compile()),
      );
    },
    findBySelector: (selectorHash) => findOne("selector_hash", selectorHash),
    findByHandle: (handle) => findOne("handle", handle),
    listForUser: async (userId, tenantId) => {
      let query = db
        .selectFrom("breezeway_session")
        .selectAll()
        .where("user_id", "=", userId)
        .where("revoked_at_ms", "is", null)
        .orderBy("created_at_ms", "desc");
      if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
      return (await withStore(store, () => query.execute())).map(fromRow);
    },
    ...createSessionWrites(store),
    revokeApp: async (appId, nowMs) => {
      await withStore(store, () =>
        db
          .transaction()
          .execute((transaction) =>
            appendChanges(store, transaction, [{ kind: "app", subject: appId }], nowMs),
          ),
      );
    },
    purge: async (beforeMs, idleMs) => {
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

function createSessionWrites(
  store: OpenStore,
): Pick<SessionStore, "replace" | "update" | "revoke"> {
  const { db } = store;
  return {
    replace: async (seen, next, changes, nowMs) => {
      const update = db
        .updateTable("breezeway_session")
        .set(next)
        .where("handle", "=", seen.handle)
        .where("secret_hash", "=", seen.secretHash)
        .where("siblings", "=", JSON.stringify(seen.siblings))
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
    update: async (handle, change, log, nowMs) =>
      withStore(store, () =>
        db.transaction().execute(async (transaction) => {
          let query = transaction
            .selectFrom("breezeway_session")
            .selectAll()
            .where("handle", "=", handle)
            .where("revoked_at_ms", "is", null);
          // SQLite took its write lock when the transaction began.
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
      ),
    revoke: async (query, reason, nowMs) =>
      withStore(store, () =>
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
      ),
  };
}

/**
 * One change per session is exact, since it ends all tokens of that session. Above a bound the log
 * gets a single change instead, so that the feed stays small.
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
