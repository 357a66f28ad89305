/** The queries on sessions. Each function is atomic; the callers decide what to write. */
import { setImmediate } from "node:timers/promises";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { SessionRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { fromRow, KEEP_ENDED_MS, toRow, type SessionRecord } from "./session-record.ts";

export interface RevokeQuery {
  readonly userId?: string;
  readonly tenantId?: string;
  readonly handle?: string;
}

export interface ListQuery {
  readonly userId: string;
  readonly tenantId?: string | undefined;
  readonly limit: number;
  /** The handle of the session after which the list begins. */
  readonly cursor?: string | undefined;
  readonly nowMs: number;
  readonly idleMs: number;
}

export interface SessionStore {
  readonly insert: (record: SessionRecord) => Promise<void>;
  readonly findBySelector: (selectorHash: string) => Promise<SessionRecord | undefined>;
  readonly findByHandle: (handle: string) => Promise<SessionRecord | undefined>;
  /** Live sessions of a user, newest first. `undefined` when the user has no session `query.cursor`. */
  readonly listForUser: (query: ListQuery) => Promise<SessionRecord[] | undefined>;
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
  /**
   * Revokes the matching sessions that are not revoked yet, and yields them in slices. Each slice is one
   * transaction, which is complete by itself: its sessions and their changes.
   */
  readonly revoke: (
    query: RevokeQuery,
    reason: string,
    nowMs: number,
  ) => AsyncGenerator<SessionRecord[], void>;
  /** Revokes every token of an app so far. */
  readonly revokeApp: (appId: string, nowMs: number) => Promise<void>;
}

/** When more sessions are revoked at once, the log gets a change of the user or tenant for each slice. */
export const MAX_SESSION_CHANGES = 1_000;
/** Sessions in one transaction. Others wait for it: SQLite has one writer, and this process one thread. */
export const REVOKE_SLICE = 500;

async function liveHandles(
  store: OpenStore,
  { handle, userId, tenantId }: RevokeQuery,
  limit: number,
): Promise<string[]> {
  let query = store.db
    .selectFrom("breezeway_session")
    .select("handle")
    .where("revoked_at_ms", "is", null)
    .limit(limit);
  if (handle !== undefined) query = query.where("handle", "=", handle);
  if (userId !== undefined) query = query.where("user_id", "=", userId);
  if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
  return (await withStore(store, () => query.execute())).map((row) => row.handle);
}

async function listForUser(
  { db }: OpenStore,
  { userId, tenantId, limit, cursor, nowMs, idleMs }: ListQuery,
): Promise<SessionRecord[] | undefined> {
  let query = db
    .selectFrom("breezeway_session")
    .selectAll()
    .where("user_id", "=", userId)
    .where("revoked_at_ms", "is", null)
    .where("expires_at_ms", ">", nowMs)
    .where("last_active_at_ms", ">", nowMs - idleMs)
    .orderBy("created_at_ms", "desc")
    .orderBy("handle", "desc")
    .limit(limit);
  if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
  if (cursor !== undefined) {
    const last = await db
      .selectFrom("breezeway_session")
      .select("created_at_ms")
      .where("handle", "=", cursor)
      .where("user_id", "=", userId)
      .executeTakeFirst();
    if (!last) return undefined;
    query = query.where((eb) =>
      eb.or([
        eb("created_at_ms", "<", last.created_at_ms),
        eb.and([eb("created_at_ms", "=", last.created_at_ms), eb("handle", "<", cursor)]),
      ]),
    );
  }
  return (await query.execute()).map(fromRow);
}

/** One change per session is exact, since it ends all tokens of that session. */
function changesOf(ended: readonly SessionRecord[], reason: string): readonly Change[] {
  return ended.map(({ handle }) => ({ kind: "session", subject: handle, detail: reason }));
}

/** The change in place of very many, so that the feed stays small. */
function wideChange({ userId, tenantId }: RevokeQuery): Change {
  if (userId === undefined) return { kind: "tenant", subject: tenantId ?? "" };
  return { kind: "user", subject: userId, ...(tenantId === undefined ? {} : { tenantId }) };
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
    async *revoke(query, reason, nowMs) {
      const isWide =
        query.handle === undefined &&
        (await liveHandles(store, query, MAX_SESSION_CHANGES + 1)).length > MAX_SESSION_CHANGES;
      for (;;) {
        const handles = await liveHandles(store, query, REVOKE_SLICE);
        if (handles.length > 0) yield await revokeSlice(handles);
        // Counts what was found, since another process may have revoked a part of it meanwhile.
        if (handles.length < REVOKE_SLICE) return;
        await setImmediate();
      }

      function revokeSlice(handles: readonly string[]): Promise<SessionRecord[]> {
        return withStore(store, () =>
          db.transaction().execute(async (transaction) => {
            const update = transaction
              .updateTable("breezeway_session")
              .set({
                revoked_at_ms: nowMs,
                revoked_reason: reason,
                review_at_ms: nowMs + KEEP_ENDED_MS,
              })
              .where("revoked_at_ms", "is", null)
              .where("handle", "in", handles);
            const ended = (await update.returningAll().execute()).map(fromRow);
            const changes = isWide ? [wideChange(query)] : changesOf(ended, reason);
            if (ended.length > 0) await appendChanges(store, transaction, changes, nowMs);
            return ended;
          }),
        );
      }
    },
  };
}

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
    listForUser: (query) => withStore(store, () => listForUser(store, query)),
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
  };
}
