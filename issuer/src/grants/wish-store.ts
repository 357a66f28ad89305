/**
 * The queries on wishes: scopes that a user has asked for who may not decide. Each user has one wish for each app of a
 * tenant, which grows until somebody decides.
 */
import type { Transaction } from "kysely";
import { appendChanges } from "../changes/change-log.ts";
import type { Database, GrantWishRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import type { GrantKey } from "./grant-store.ts";

export interface WishKey extends GrantKey {
  readonly userId: string;
}

export interface WishRecord extends WishKey {
  readonly scopes: readonly string[];
  readonly wishedAtMs: number;
}

export interface AddedWish {
  readonly record: WishRecord;
  /** Whether it had not all of these scopes before. */
  readonly hasGrown: boolean;
}

export interface WishStore {
  /** Adds scopes to a wish. */
  readonly add: (key: WishKey, scopes: readonly string[], nowMs: number) => Promise<AddedWish>;
  /** Wishes of a tenant, newest first. */
  readonly listForTenant: (tenantId: string, limit: number) => Promise<readonly WishRecord[]>;
  /** Forgets the wishes for an app up to a time: somebody has decided. */
  readonly settle: (key: GrantKey, untilMs: number) => Promise<void>;
}

/** Small enough that neither a lock nor SQLite stops other requests. */
const BATCH = 500;

export function createWishStore(store: OpenStore): WishStore {
  const { db } = store;
  return {
    add: (key, scopes, nowMs) =>
      withStore(store, () =>
        db
          .transaction()
          .execute((transaction) => addIn(store, transaction, { key, scopes, nowMs })),
      ),
    listForTenant: async (tenantId, limit) => {
      const rows = await withStore(store, () =>
        db
          .selectFrom("breezeway_grant_wish")
          .selectAll()
          .where("tenant_id", "=", tenantId)
          .orderBy("wished_at_ms", "desc")
          .limit(limit)
          .execute(),
      );
      return rows.map(fromRow);
    },
    settle: async (key, untilMs) => {
      while ((await settleBatch(store, key, untilMs)) === BATCH);
    },
  };
}

interface Adding {
  readonly key: WishKey;
  readonly scopes: readonly string[];
  readonly nowMs: number;
}

async function addIn(
  store: OpenStore,
  transaction: Transaction<Database>,
  { key: { appId, tenantId, userId }, scopes, nowMs }: Adding,
): Promise<AddedWish> {
  const place = { tenant_id: tenantId, app_id: appId, user_id: userId };
  await transaction
    .insertInto("breezeway_grant_wish")
    .values({ ...place, scopes: "[]", wished_at_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const query = transaction
    .selectFrom("breezeway_grant_wish")
    .selectAll()
    .where((eb) => eb.and(place));
  // SQLite took its write lock when the transaction began.
  const row = await (
    store.kind === "postgres" ? query.forUpdate() : query
  ).executeTakeFirstOrThrow();
  const before = fromRow(row);
  const after = [...new Set([...before.scopes, ...scopes])];
  if (after.length === before.scopes.length) return { record: before, hasGrown: false };
  await transaction
    .updateTable("breezeway_grant_wish")
    .set({ scopes: JSON.stringify(after), wished_at_ms: nowMs })
    .where((eb) => eb.and(place))
    .execute();
  // Pages of administrators list the wishes again.
  const change = {
    kind: "installations-changed",
    subject: tenantId,
    tenantId,
    detail: appId,
  } as const;
  await appendChanges(store, transaction, [change], nowMs);
  return { record: { ...before, scopes: after, wishedAtMs: nowMs }, hasGrown: true };
}

function fromRow(row: GrantWishRow): WishRecord {
  return {
    appId: row.app_id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    scopes: JSON.parse(row.scopes) as string[],
    wishedAtMs: row.wished_at_ms,
  };
}

/** @returns how many it deleted */
async function settleBatch(
  store: OpenStore,
  { appId, tenantId }: GrantKey,
  untilMs: number,
): Promise<number> {
  const { numDeletedRows } = await withStore(store, () =>
    store.db
      .deleteFrom("breezeway_grant_wish")
      .where("tenant_id", "=", tenantId)
      .where("app_id", "=", appId)
      .where("user_id", "in", (eb) =>
        eb
          .selectFrom("breezeway_grant_wish")
          .select("user_id")
          .where("tenant_id", "=", tenantId)
          .where("app_id", "=", appId)
          .where("wished_at_ms", "<=", untilMs)
          .limit(BATCH),
      )
      .executeTakeFirstOrThrow(),
  );
  return Number(numDeletedRows);
}
