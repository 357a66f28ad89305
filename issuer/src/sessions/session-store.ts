/** The queries on sessions. Each function is atomic; the callers decide what to write. */
import type { CompiledQuery } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { SessionRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { fromRow, toRow, type SessionRecord } from "./session-record.ts";
import { createSessionRevocation, type SessionRevocation } from "./session-revocation.ts";

export interface ListQuery {
  readonly userId: string;
  readonly tenantId?: string | undefined;
  readonly limit: number;
  /** The handle of the session after which the list begins. */
  readonly cursor?: string | undefined;
  readonly nowMs: number;
  readonly idleMs: number;
}

export interface SessionStore extends SessionRevocation {
  readonly insert: (record: SessionRecord) => Promise<void>;
  readonly findBySelector: (selectorHash: string) => Promise<SessionRecord | undefined>;
  readonly findByHandle: (handle: string) => Promise<SessionRecord | undefined>;
  /** Live sessions of a user, newest first. `undefined` when the user has no session `query.cursor`. */
  readonly listForUser: (query: ListQuery) => Promise<SessionRecord[] | undefined>;
  /** Sessions that are not revoked, by the index that their revocation uses. */
  readonly count: (query: {
    readonly userId?: string;
    readonly tenantId?: string;
  }) => Promise<number>;
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
  /** Revokes every token of an app so far. */
  readonly revokeApp: (appId: string, nowMs: number) => Promise<void>;
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

function createSessionWrites(store: OpenStore): Pick<SessionStore, "replace" | "update"> {
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
  };
}

export function createSessionStore(store: OpenStore): SessionStore {
  const { db } = store;

  // Compiled once, since each mint of a session that is not in memory runs one of these queries. A mint from memory
  // compiles nothing.
  const compileBy = (column: "handle" | "selector_hash"): CompiledQuery<SessionRow> =>
    db
      .withoutPlugins()
      .selectFrom("breezeway_session")
      .selectAll()
      .where(column, "=", "")
      .compile();
  const byHandle = compileBy("handle");
  const bySelector = compileBy("selector_hash");

  const findOne = async (
    query: CompiledQuery<SessionRow>,
    value: string,
  ): Promise<SessionRecord | undefined> => {
    const { rows } = await withStore(store, () =>
      db.executeQuery<SessionRow>({ ...query, parameters: [value] }),
    );
    return rows[0] && fromRow(rows[0]);
  };

  return {
    insert: async (record) => {
      await withStore(store, () =>
        store.write(db.insertInto("breezeway_session").values(toRow(record)).compile()),
      );
    },
    findBySelector: (selectorHash) => findOne(bySelector, selectorHash),
    findByHandle: (handle) => findOne(byHandle, handle),
    listForUser: (query) => withStore(store, () => listForUser(store, query)),
    count: async ({ userId, tenantId }) => {
      let query = db
        .selectFrom("breezeway_session")
        .select((eb) => eb.fn.countAll<number | string>().as("count"))
        .where("revoked_at_ms", "is", null);
      if (userId !== undefined) query = query.where("user_id", "=", userId);
      if (tenantId !== undefined) query = query.where("tenant_id", "=", tenantId);
      const { count } = await withStore(store, () => query.executeTakeFirstOrThrow());
      return Number(count);
    },
    ...createSessionWrites(store),
    ...createSessionRevocation(store),
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
