import { BridgeError } from "@breezeway/shared";
import { sql, type Kysely } from "kysely";
import { Migrator, type Migration } from "kysely/migration";
import { migrationsOf } from "./migrations.ts";
import type { Database } from "./schema.ts";
import type { StoreKind } from "./store.ts";

const TABLE = "breezeway_migration";

/** A later version may migrate between the reading of the names and the lock. */
const MAX_ATTEMPTS = 3;

/**
 * Migrates the schema. Several processes may start at once: Postgres takes an advisory lock, SQLite
 * its write lock. Migrations of a later version are left as they are, so that this version can start beside
 * that one, or in its place.
 *
 * @throws {BridgeError} STORE_UNAVAILABLE, when a later version has removed what this version uses
 */
export async function migrate(db: Kysely<Database>, kind: StoreKind): Promise<void> {
  const known = await migrationsOf(kind).getMigrations();
  const newest = Object.keys(known).sort().at(-1) ?? "";
  for (let attempt = 1; ; attempt += 1) {
    const later = (await executedMigrations(db, kind)).filter((name) => name > newest);
    for (const name of later) assertCompatible(name, newest);
    const error = await migrateWith(db, { ...known, ...Object.fromEntries(later.map(executed)) });
    if (error === undefined) return;
    if (!isUnknownMigration(error) || attempt === MAX_ATTEMPTS) throw error;
  }
}

async function migrateWith(
  db: Kysely<Database>,
  migrations: Record<string, Migration>,
): Promise<Error | undefined> {
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
  }).migrateToLatest();
  if (error === undefined || error instanceof Error) return error;
  return new Error("a migration failed", { cause: error });
}

/** The names of the migrations that any version has executed. */
async function executedMigrations(
  db: Kysely<Database>,
  kind: StoreKind,
): Promise<readonly string[]> {
  const found =
    kind === "postgres"
      ? await sql`select 1 where to_regclass(${TABLE}) is not null`.execute(db)
      : await sql`select 1 from sqlite_master where name = ${TABLE}`.execute(db);
  if (found.rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(TABLE)}`.execute(db);
  return rows.map(({ name }) => name);
}

function executed(name: string): [string, Migration] {
  return [name, { up: () => Promise.resolve() }];
}

function isUnknownMigration(error: Error): boolean {
  return /previously executed migration \S+ is missing/.test(error.message);
}

/** `0012_after_0009_…` removes what versions without migration 0009 use. */
function assertCompatible(name: string, newest: string): void {
  const needed = /^\d{4}_after_(\d{4})_/.exec(name)?.[1];
  if (needed === undefined || newest.slice(0, 4) >= needed) return;
  throw new BridgeError(
    "STORE_UNAVAILABLE",
    `its migration ${name} needs a version that has migration ${needed}, and this version ends with ${newest}. Install the later version, or restore a backup from before that migration`,
  );
}
