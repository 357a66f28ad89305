/**
 * The queries on apps. The row of an app is locked while it changes, so of two writers the second one decides with the
 * first one's result; the row, its history and the change log are written in one transaction.
 */
import { NO_PLACEMENTS, type ChannelPlacements, type RollOut } from "@breezeway/shared/schemas";
import type { Transaction } from "kysely";
import { appendChanges, type Change } from "../changes/change-log.ts";
import type { AppChangeRow, AppRow, Database } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

/** An app in the store. An app that has no row has revision 0 and no suspension. */
export interface AppState {
  /** JSON; `undefined` for an app of a file, and for one that was removed. */
  readonly manifest: string | undefined;
  readonly revision: number;
  /** Reasons by tenant id; by {@link EVERY_TENANT} for all. */
  readonly suspensions: ReadonlyMap<string, string>;
  readonly placements: ChannelPlacements;
  readonly changedAtMs: number;
}

export const NEW_APP: AppState = {
  manifest: undefined,
  revision: 0,
  suspensions: new Map(),
  placements: NO_PLACEMENTS,
  changedAtMs: 0,
};

/** A tenant id is never empty. */
export const EVERY_TENANT = "";

export type AppEntry = Omit<AppChangeRow, "app_id" | "number" | "revision" | "at_ms">;

export function entryOf(action: AppEntry["action"], actor: string | undefined): AppEntry {
  return {
    action,
    tenant_id: null,
    reason: null,
    manifest: null,
    diff: "[]",
    actor: actor ?? null,
    channel: null,
    percent: null,
  };
}

export interface AppUpdate {
  readonly next: Pick<AppState, "manifest" | "revision" | "suspensions" | "placements">;
  /** For the history. */
  readonly entry: AppEntry;
  readonly changes: readonly Change[];
}

export interface HistoryPage {
  readonly limit: number;
  /** Only changes before this number. */
  readonly before: number | undefined;
}

export interface AppStore {
  /** @param appIds Default: all apps. */
  readonly read: (appIds?: readonly string[]) => Promise<ReadonlyMap<string, AppState>>;
  /**
   * Writes what `decide` makes of the app's state; nothing when it returns `undefined`. What it throws
   * passes through.
   */
  readonly update: (
    appId: string,
    decide: (current: AppState) => AppUpdate | undefined,
    nowMs: number,
  ) => Promise<void>;
  /** Adds a change to the log that no row belongs to. */
  readonly announce: (change: Change, nowMs: number) => Promise<void>;
  /** Changes of an app, newest first. */
  readonly history: (appId: string, page: HistoryPage) => Promise<AppChangeRow[]>;
}

/** Parameters of one statement. */
const AT_ONCE = 500;

export function createAppStore(store: OpenStore): AppStore {
  const { db } = store;

  const rows = (appIds: readonly string[] | undefined): Promise<AppRow[]> => {
    const query = db.selectFrom("breezeway_app").selectAll();
    return withStore(store, () => (appIds ? query.where("app_id", "in", appIds) : query).execute());
  };

  return {
    read: async (appIds) => {
      const found = appIds === undefined ? await rows(undefined) : [];
      for (let from = 0; from < (appIds?.length ?? 0); from += AT_ONCE) {
        found.push(...(await rows(appIds?.slice(from, from + AT_ONCE))));
      }
      return new Map(found.map((row) => [row.app_id, stateOf(row)]));
    },
    update: (appId, decide, nowMs) =>
      withStore(store, () =>
        db
          .transaction()
          .execute((transaction) => updateIn(store, transaction, { appId, decide, nowMs })),
      ),
    announce: (change, nowMs) =>
      withStore(store, () =>
        db
          .transaction()
          .execute((transaction) => appendChanges(store, transaction, [change], nowMs)),
      ),
    history: (appId, { limit, before }) => {
      const query = db
        .selectFrom("breezeway_app_change")
        .selectAll()
        .where("app_id", "=", appId)
        .orderBy("number", "desc")
        .limit(limit);
      return withStore(store, () =>
        (before === undefined ? query : query.where("number", "<", before)).execute(),
      );
    },
  };
}

interface Updating {
  readonly appId: string;
  readonly decide: (current: AppState) => AppUpdate | undefined;
  readonly nowMs: number;
}

async function updateIn(
  store: OpenStore,
  transaction: Transaction<Database>,
  { appId, decide, nowMs }: Updating,
): Promise<void> {
  const row = await lockedRow(store, transaction, { appId, nowMs });
  const update = decide(stateOf(row));
  if (!update) return;
  const { next, entry, changes } = update;
  await transaction
    .updateTable("breezeway_app")
    .set({
      manifest: next.manifest ?? null,
      revision: next.revision,
      suspensions: JSON.stringify(Object.fromEntries(next.suspensions)),
      channels: placementsText(next.placements),
      changes: row.changes + 1,
      changed_at_ms: nowMs,
    })
    .where("app_id", "=", appId)
    .execute();
  await transaction
    .insertInto("breezeway_app_change")
    .values({
      ...entry,
      app_id: appId,
      number: row.changes + 1,
      revision: next.revision,
      at_ms: nowMs,
    })
    .execute();
  await appendChanges(store, transaction, changes, nowMs);
}

/** Makes the row of an app that has none: only a row can be locked. */
async function lockedRow(
  store: OpenStore,
  transaction: Transaction<Database>,
  { appId, nowMs }: Pick<Updating, "appId" | "nowMs">,
): Promise<AppRow> {
  await transaction
    .insertInto("breezeway_app")
    .values({
      app_id: appId,
      manifest: null,
      revision: 0,
      suspensions: "{}",
      changes: 0,
      changed_at_ms: nowMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const query = transaction.selectFrom("breezeway_app").selectAll().where("app_id", "=", appId);
  // SQLite took its write lock when the transaction began.
  return (store.kind === "postgres" ? query.forUpdate() : query).executeTakeFirstOrThrow();
}

function stateOf(row: AppRow): AppState {
  return {
    manifest: row.manifest ?? undefined,
    revision: row.revision,
    suspensions: new Map(Object.entries(JSON.parse(row.suspensions) as Record<string, string>)),
    placements: placementsOf(row.channels),
    changedAtMs: row.changed_at_ms,
  };
}

function placementsText({ tenants, rollOut }: ChannelPlacements): string {
  return JSON.stringify({ tenants: Object.fromEntries(tenants), rollOut });
}

function placementsOf(text: string): ChannelPlacements {
  const { tenants = {}, rollOut } = JSON.parse(text) as {
    readonly tenants?: Record<string, string>;
    readonly rollOut?: RollOut;
  };
  return { tenants: new Map(Object.entries(tenants)), rollOut };
}
