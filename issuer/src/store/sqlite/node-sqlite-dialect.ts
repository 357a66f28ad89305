/**
 * Kysely's SQLite dialect over Node's own `node:sqlite`.
 *
 * It differs from Kysely's default in four ways, the first three for several processes on one file:
 * - transactions begin IMMEDIATE. A deferred transaction that reads and then writes fails at once with
 *   SQLITE_BUSY when another process wrote in between, whatever the busy timeout
 *   (https://sqlite.org/isolation.html);
 * - schema changes run in a transaction, so that a second process waits for the first one;
 * - waiting for another writer is asynchronous. SQLite's own busy timeout would block the event loop;
 * - a rollback does not hide why the transaction failed. After a full disk, SQLite itself has rolled back,
 *   and another rollback would fail (https://sqlite.org/lang_transaction.html).
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  type SqliteDatabase,
  type SqliteStatement,
} from "kysely";

const MAX_STATEMENTS = 200;
const MAX_WAIT_MS = 20;
// https://sqlite.org/rescode.html#busy
const SQLITE_BUSY = 5;

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export interface NodeSqliteDialectOptions {
  readonly database: DatabaseSync;
  /** How long a write waits for a write of another connection, in milliseconds. */
  readonly busyTimeoutMs: number;
}

class PatientDriver extends SqliteDriver {
  readonly #options: NodeSqliteDialectOptions;
  #connection: DatabaseConnection | undefined;

  constructor(options: NodeSqliteDialectOptions) {
    super({ database: adapt(options.database) });
    this.#options = options;
  }

  // The driver has one connection.
  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#connection ??= patient(await super.acquireConnection(), this.#options.busyTimeoutMs);
    return this.#connection;
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const { database } = this.#options;
    if (database.isOpen && database.isTransaction) await super.rollbackTransaction(connection);
  }
}

export class NodeSqliteDialect extends SqliteDialect {
  readonly #options: NodeSqliteDialectOptions;

  constructor(options: NodeSqliteDialectOptions) {
    super({ database: adapt(options.database) });
    this.#options = options;
  }

  override createDriver(): Driver {
    return new PatientDriver(this.#options);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

/**
 * Retries while another connection holds the write lock. A retry is safe: a statement that met the
 * lock did nothing, and inside a transaction this connection holds the lock.
 */
function patient(connection: DatabaseConnection, busyTimeoutMs: number): DatabaseConnection {
  return {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const deadline = performance.now() + busyTimeoutMs;
      for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
        try {
          return await connection.executeQuery<R>(query);
        } catch (error) {
          if (!isBusy(error) || performance.now() + waitMs > deadline) throw error;
        }
        await sleep(waitMs * (0.5 + Math.random()));
      }
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  };
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" && (code & 0xff) === SQLITE_BUSY;
}

function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => {
      if (database.isOpen) database.close();
    },
    prepare(sql) {
      const known = statements.get(sql);
      if (known) return known;
      const statement = adaptStatement(database.prepare(sql === "begin" ? "begin immediate" : sql));
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
