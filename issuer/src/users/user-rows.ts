/**
 * Every place of the store that names a user, read in batches with a turn of the event loop between them. The
 * export reads it, and the erasure empties it: a new column with a user's id belongs here.
 *
 * | place                                | found by                | erased by           |
 * | ------------------------------------ | ----------------------- | ------------------- |
 * | `breezeway_session`                  | index of live and ended | deletion            |
 * | `actor` of apps' and grants' tables  | index of actors         | `null`              |
 * | `breezeway_grant_wish`               | index of users          | deletion            |
 * | `breezeway_change`, kinds of a user  | its two hours           | waiting, for tokens |
 * | `breezeway_revocation`               | primary key             | the revocation      |
 * | `breezeway_erasure_call`             | primary key             | the call's end      |
 */
import { setImmediate } from "node:timers/promises";
import type {
  AppChangeRow,
  ChangeRow,
  ErasureCallRow,
  GrantChangeRow,
  GrantRow,
  GrantWishRow,
  SessionRow,
} from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

/** Rows of one statement. */
export const USER_BATCH = 100;
const CHANGES_BATCH = 1_000;

/** Tables whose rows name who has made a change. */
export const ACTOR_TABLES = [
  "breezeway_app_change",
  "breezeway_grant",
  "breezeway_grant_change",
] as const;

type Batches<Row> = AsyncGenerator<Row[], void>;

/** Reads until a batch is not full. `next` gets the last row of the batch before. */
async function* batchesOf<Row>(
  store: OpenStore,
  next: (last: Row | undefined) => Promise<Row[]>,
  size = USER_BATCH,
): Batches<Row> {
  for (let last: Row | undefined; ;) {
    const rows = await withStore(store, () => next(last));
    if (rows.length > 0) yield rows;
    last = rows.at(-1);
    if (rows.length < size) return;
    await setImmediate();
  }
}

/** Sessions that are not revoked, then those that are, each by an index. */
export async function* sessionsOf(store: OpenStore, userId: string): Batches<SessionRow> {
  const ofUser = store.db
    .selectFrom("breezeway_session")
    .selectAll()
    .where("user_id", "=", userId)
    .limit(USER_BATCH);
  const live = ofUser.where("revoked_at_ms", "is", null).orderBy("tenant_id").orderBy("handle");
  const ended = ofUser.where("revoked_at_ms", "is not", null).orderBy("handle");
  yield* batchesOf<SessionRow>(store, (last) =>
    (last
      ? live.where((eb) =>
          eb(eb.refTuple("tenant_id", "handle"), ">", eb.tuple(last.tenant_id, last.handle)),
        )
      : live
    ).execute(),
  );
  yield* batchesOf<SessionRow>(store, (last) =>
    (last ? ended.where("handle", ">", last.handle) : ended).execute(),
  );
}

export const appChangesBy = (store: OpenStore, actor: string): Batches<AppChangeRow> =>
  batchesOf<AppChangeRow>(store, (last) => {
    const query = store.db
      .selectFrom("breezeway_app_change")
      .selectAll()
      .where("actor", "=", actor)
      .orderBy("app_id")
      .orderBy("number")
      .limit(USER_BATCH);
    if (!last) return query.execute();
    return query
      .where((eb) => eb(eb.refTuple("app_id", "number"), ">", eb.tuple(last.app_id, last.number)))
      .execute();
  });

export const grantsBy = (store: OpenStore, actor: string): Batches<GrantRow> =>
  batchesOf<GrantRow>(store, (last) => {
    const query = store.db
      .selectFrom("breezeway_grant")
      .selectAll()
      .where("actor", "=", actor)
      .orderBy("tenant_id")
      .orderBy("app_id")
      .limit(USER_BATCH);
    if (!last) return query.execute();
    return query
      .where((eb) =>
        eb(eb.refTuple("tenant_id", "app_id"), ">", eb.tuple(last.tenant_id, last.app_id)),
      )
      .execute();
  });

export const grantChangesBy = (store: OpenStore, actor: string): Batches<GrantChangeRow> =>
  batchesOf<GrantChangeRow>(store, (last) => {
    const query = store.db
      .selectFrom("breezeway_grant_change")
      .selectAll()
      .where("actor", "=", actor)
      .orderBy("tenant_id")
      .orderBy("app_id")
      .orderBy("number")
      .limit(USER_BATCH);
    if (!last) return query.execute();
    return query
      .where((eb) =>
        eb(
          eb.refTuple("tenant_id", "app_id", "number"),
          ">",
          eb.tuple(last.tenant_id, last.app_id, last.number),
        ),
      )
      .execute();
  });

export const wishesOf = (store: OpenStore, userId: string): Batches<GrantWishRow> =>
  batchesOf<GrantWishRow>(store, (last) => {
    const query = store.db
      .selectFrom("breezeway_grant_wish")
      .selectAll()
      .where("user_id", "=", userId)
      .orderBy("tenant_id")
      .orderBy("app_id")
      .limit(USER_BATCH);
    if (!last) return query.execute();
    return query
      .where((eb) =>
        eb(eb.refTuple("tenant_id", "app_id"), ">", eb.tuple(last.tenant_id, last.app_id)),
      )
      .execute();
  });

/** Entries of the change log that name the user. Those of single sessions have handles only. */
export async function* logEntriesOf(store: OpenStore, userId: string): Batches<ChangeRow> {
  const all = batchesOf<ChangeRow>(
    store,
    (last) =>
      store.db
        .selectFrom("breezeway_change")
        .selectAll()
        .where("seq", ">", last?.seq ?? 0)
        .orderBy("seq")
        .limit(CHANGES_BATCH)
        .execute(),
    CHANGES_BATCH,
  );
  for await (const rows of all) {
    const own = rows.filter(
      ({ kind, subject, detail }) =>
        subject === userId && (kind === "user" || (kind === "sessions-ended" && detail === "user")),
    );
    if (own.length > 0) yield own;
  }
}

export const erasureCallsOf = (store: OpenStore, userId: string): Batches<ErasureCallRow> =>
  batchesOf<ErasureCallRow>(store, (last) => {
    const query = store.db
      .selectFrom("breezeway_erasure_call")
      .selectAll()
      .where("user_id", "=", userId)
      .orderBy("app_id")
      .orderBy("tenant_id")
      .limit(USER_BATCH);
    if (!last) return query.execute();
    return query
      .where((eb) =>
        eb(eb.refTuple("app_id", "tenant_id"), ">", eb.tuple(last.app_id, last.tenant_id)),
      )
      .execute();
  });
