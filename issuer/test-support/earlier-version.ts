/** An earlier version at work on a store: its statements, over a connection of its own. */
import { DatabaseSync } from "node:sqlite";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import { Migrator } from "kysely/migration";
import { Pool } from "pg";
import { migrationsOf } from "../src/store/migrations.ts";
import { NodeSqliteDialect } from "../src/store/sqlite/node-sqlite-dialect.ts";
import type { StoreKind } from "../src/store/store.ts";
import {
  EARLIER_STATEMENTS,
  type AppOperationName,
  type OperationName,
  type Statement,
} from "./earlier-statements.ts";

export type Values = Readonly<Record<string, string | number | null>>;

export interface EarlierVersion extends AsyncDisposable {
  /** Creates the schema of the version, on an empty store. */
  migrate(): Promise<void>;
  /** @returns the rows of the last statement that has any */
  run(operation: OperationName | AppOperationName, values: Values): Promise<readonly Values[]>;
}

export function openEarlierVersion(
  version: string,
  kind: StoreKind,
  location: string,
): EarlierVersion {
  const operations = EARLIER_STATEMENTS[version];
  if (!operations) throw new Error(`There are no statements of ${version}.`);
  const db = new Kysely<unknown>({ dialect: dialectOf(kind, location) });
  return {
    migrate: async () => {
      const migrator = new Migrator({
        db,
        provider: migrationsOf(kind),
        migrationTableName: "breezeway_migration",
        migrationLockTableName: "breezeway_migration_lock",
      });
      const { error } = await migrator.migrateTo(version);
      if (error !== undefined) throw new Error(`migration to ${version}`, { cause: error });
    },
    run: (operation, given) => {
      const known = operations[operation];
      if (!known) throw new Error(`${version} has no operation ${operation}.`);
      const statements = known.filter(({ only }) => !only || only === kind);
      return db.transaction().execute(async (transaction) => {
        let values: Values = { ...given, one: 1, count: 1, channel: "breezeway_change" };
        let rows: readonly Values[] = [];
        for (const statement of statements) {
          const result = await transaction.executeQuery<Values>(compile(statement, kind, values));
          if (result.rows.length === 0) continue;
          const [first = {}] = result.rows;
          // The number of a change goes from the counter into the log. Postgres returns it as text.
          if ("seq" in first && "one" in values) {
            values = { ...values, seq: Number(first["seq"]), seq_text: String(first["seq"]) };
          }
          if (!statement.sql.includes("pg_notify")) rows = result.rows;
        }
        return rows;
      });
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

function compile({ sql }: Statement, kind: StoreKind, values: Values): CompiledQuery<Values> {
  const parameters: (string | number | null)[] = [];
  const text = sql.replaceAll(/:(\w+)/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${name} is missing for: ${sql}`);
    parameters.push(value);
    return kind === "postgres" ? `$${parameters.length}` : "?";
  });
  return CompiledQuery.raw(text, parameters);
}

function dialectOf(kind: StoreKind, location: string): NodeSqliteDialect | PostgresDialect {
  if (kind === "postgres") {
    return new PostgresDialect({ pool: new Pool({ connectionString: location, max: 4 }) });
  }
  const database = new DatabaseSync(location);
  database.exec("pragma journal_mode = wal");
  database.exec("pragma synchronous = normal");
  database.exec("pragma busy_timeout = 0");
  return new NodeSqliteDialect({ database, busyTimeoutMs: 5_000 });
}
