/** Expand and contract: what a migration may change while an earlier version runs. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import type { Migration } from "kysely/migration";
import { describe, expect, it } from "vitest";
import { describeStores } from "../../test-support/stores.ts";
import { migrationsOf } from "./migrations.ts";
import type { OpenStore, StoreKind } from "./store.ts";

type Migrations = Readonly<Record<string, Migration>>;

/** The statements of each migration, without a database. */
async function statementsOf(
  kind: StoreKind,
  migrations: Migrations,
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const isSqlite = kind === "sqlite";
  const found: [string, string[]][] = [];
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: () => {
        throw new Error("A migration must not depend on what it finds.");
      },
      createQueryCompiler: () =>
        isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      found.at(-1)?.[1].push(query.sql.replaceAll(/["\s]+/g, " ").trim());
    },
  });
  for (const name of Object.keys(migrations).sort()) {
    found.push([name, []]);
    await migrations[name]?.up(db);
  }
  return found;
}

/**
 * Statements that an earlier version could not work with: anything but new tables, indexes that accept
 * every row, triggers, and columns that may be left out.
 */
async function contracting(kind: StoreKind, migrations: Migrations): Promise<readonly string[]> {
  const indexes = new Set<string>();
  const refused: string[] = [];
  for (const [name, statements] of await statementsOf(kind, migrations)) {
    // Such a migration may remove. Its name says which versions can work with it.
    if (/^\d{4}_after_\d{4}_/.test(name)) continue;
    const own = new Set<string>();
    for (const statement of statements) {
      const [verb = "", object = "", first = ""] = statement.split(" ");
      const isOwn = (pattern: RegExp): boolean => own.has(pattern.exec(statement)?.[1] ?? "");
      const isAdditive =
        (verb === "create" && object === "table" && own.add(first).size > 0) ||
        (verb === "create" && object === "index" && indexes.add(first).size > 0) ||
        (verb === "create" && ["trigger", "function"].includes(object)) ||
        (verb === "insert" && isOwn(/^insert into (\w+)/)) ||
        (verb === "drop" && object === "index" && indexes.has(first)) ||
        isOwn(/^create unique index \w+ on (\w+)/) ||
        isOwn(/^alter table (\w+)/) ||
        (/^alter table \w+ add column /.test(statement) && mayBeLeftOut(statement));
      if (!isAdditive) refused.push(`${name}: ${statement}`);
    }
  }
  return refused;
}

function mayBeLeftOut(column: string): boolean {
  if (/ (?:unique|primary key|references|check)\b/.test(column)) return false;
  return !column.includes(" not null") || column.includes(" default ");
}

const alter = (change: (db: Kysely<unknown>) => { execute(): Promise<unknown> }): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await change(db).execute();
  },
});
const run = (statement: string): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await sql.raw(statement).execute(db);
  },
});
const SESSION = "breezeway_session";

const CONTRACTING: readonly (readonly [string, Migration])[] = [
  ["removes a column", alter((db) => db.schema.alterTable(SESSION).dropColumn("data"))],
  ["removes a table", alter((db) => db.schema.dropTable("breezeway_change"))],
  ["renames a column", alter((db) => db.schema.alterTable(SESSION).renameColumn("data", "notes"))],
  ["renames a table", alter((db) => db.schema.alterTable(SESSION).renameTo("breezeway_sessions"))],
  [
    "adds a column that must be given",
    alter((db) =>
      db.schema.alterTable(SESSION).addColumn("x", "text", (column) => column.notNull()),
    ),
  ],
  [
    "adds a column with unique values",
    alter((db) =>
      db.schema.alterTable(SESSION).addColumn("x", "text", (column) => column.unique()),
    ),
  ],
  [
    "adds a column with a condition",
    run(`alter table ${SESSION} add column x integer default 0 check (x < 2)`),
  ],
  [
    "demands a column that may be left out",
    alter((db) =>
      db.schema.alterTable(SESSION).alterColumn("revoked_reason", (column) => column.setNotNull()),
    ),
  ],
  [
    "adds a unique index to an earlier table",
    alter((db) => db.schema.createIndex("x").unique().on(SESSION).column("user_id")),
  ],
  [
    "adds a constraint to an earlier table",
    alter((db) => db.schema.alterTable(SESSION).addUniqueConstraint("x", ["user_id"])),
  ],
  [
    "removes a unique index",
    alter((db) => db.schema.dropIndex("breezeway_signing_key_succession")),
  ],
  ["removes rows", run(`delete from ${SESSION}`)],
  ["adds rows to an earlier table", run("insert into breezeway_change_counter values (2, 0)")],
  ["replaces a trigger", run("drop trigger breezeway_session_rotation")],
];

describe.each(["sqlite", "postgres"] as const)("the migrations of %s", (kind) => {
  it("take nothing away that an earlier version uses, and demand nothing that it does not write", async () => {
    expect(await contracting(kind, await migrationsOf(kind).getMigrations())).toEqual([]);
  });

  it.each(CONTRACTING)(
    "are refused when one %s, unless its name says after what",
    async (_case, up) => {
      const known = await migrationsOf(kind).getMigrations();
      const last = (name: string): Promise<readonly string[]> =>
        contracting(kind, { ...known, [name]: up });
      expect(await last("9999_x")).toEqual([expect.stringMatching(/^9999_x: /)]);
      expect(await last("9999_after_0004_x")).toEqual([]);
    },
  );

  it("have names in their order, with a number of four digits", async () => {
    const names = Object.keys(await migrationsOf(kind).getMigrations());
    const numbers = names.map((name) => Number(/^(\d{4})_[a-z_\d]+$/.exec(name)?.[1]));
    // Changes that are made side by side take their numbers beforehand, so there may be gaps.
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
  });
});

describeStores("a $name store that a later version has migrated", (place) => {
  /** As a later version leaves it: names that this version does not know. */
  async function migrateLater(...names: readonly string[]): Promise<void> {
    const store = await place().store().open();
    for (const [index, name] of names.entries()) {
      const timestamp = new Date(Date.now() + 1_000 + index).toISOString();
      await sql`insert into breezeway_migration (name, timestamp) values (${name}, ${timestamp})`.execute(
        store.db,
      );
    }
    await store.close();
  }

  const counterOf = (store: OpenStore): Promise<unknown> =>
    store.db.selectFrom("breezeway_change_counter").select("seq").executeTakeFirst();

  it.each([
    ["added something", ["9997_added"]],
    ["added something three times", ["9997_added", "9998_also", "9999_again"]],
    ["removed what this version does not use", ["9998_after_0001_removed", "9999_added"]],
  ])("is opened by this version when the later one has %s", async (_case, names) => {
    await migrateLater(...names);
    const stores = await Promise.all([1, 2].map(() => place().store().open()));
    expect(await Promise.all(stores.map(counterOf))).toEqual([{ seq: 0 }, { seq: 0 }]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it("is refused, with what to do, when the later version has removed what this one uses", async () => {
    await migrateLater("9998_added", "9999_after_9998_removed");
    await expect(place().store().open()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(
        /store .*cannot be opened: its migration 9999_after_9998_removed needs a version that has migration 9998, and this version ends with \d{4}_\w+\. Install the later version, or restore a backup from before that migration\.$/,
      ) as string,
    });
  });

  it("is refused when a migration is missing in the middle", async () => {
    await migrateLater("0003_other");
    await expect(place().store().open()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
