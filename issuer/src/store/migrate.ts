import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { migrationsOf } from "./migrations.ts";
import type { Database } from "./schema.ts";
import type { StoreKind } from "./store.ts";

/**
 * Migrates the schema. Several processes may start at once: Postgres takes an advisory lock, SQLite
 * its write lock.
 */
export async function migrate(db: Kysely<Database>, kind: StoreKind): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: migrationsOf(kind),
    migrationTableName: "breezeway_migration",
    migrationLockTableName: "breezeway_migration_lock",
  });
  const { error } = await migrator.migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error("a migration failed", { cause: error });
}
