import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BridgeError } from "@breezeway/shared";
import { numberOption, optionObject, parseOptions } from "@breezeway/shared/schemas";
import { Kysely } from "kysely";
import * as z from "zod/mini";
import { migrate } from "../migrate.ts";
import type { Database } from "../schema.ts";
import type { OpenStore, Store } from "../store.ts";
import { NodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { storeFault } from "./store-fault.ts";
import { createWriteBatcher } from "./write-batcher.ts";

export interface SqliteStoreOptions {
  /**
   * Path of the database file. Missing folders are created. `:memory:` makes a store that ends with
   * the process. The file holds session hashes and signing keys, so it is created with mode 0600.
   */
  readonly file: string;
  /**
   * What survives a power cut. `full` (default): every acknowledged write. `normal`: the last moments
   * may be lost when the machine fails, but not when the process fails; several times faster.
   */
  readonly durability?: "full" | "normal";
  /** Refuses a missing file instead of creating it. Default false. */
  readonly mustExist?: boolean;
  /** How long a write waits for a write of another process, in milliseconds. Default 5000. */
  readonly busyTimeoutMs?: number;
}

const sqliteStoreOptions = optionObject<SqliteStoreOptions>({
  file: z.string(),
  durability: z.optional(z.enum(["full", "normal"])),
  mustExist: z.optional(z.boolean()),
  busyTimeoutMs: z.optional(numberOption(0, 2_147_483_647)),
});

// Turning on WAL needs exclusive access to the file for a moment.
const OPEN_TIMEOUT_MS = 2_000;

/**
 * The embedded store: Node's own SQLite in WAL mode. One machine, any number of processes.
 *
 * @throws {BridgeError} CONFIG_INVALID, when an option is unknown or does not fit
 */
export function sqliteStore(given: SqliteStoreOptions): Store {
  const options = parseOptions(sqliteStoreOptions, given, "sqliteStore");
  const file = options.file === ":memory:" ? options.file : resolve(options.file);
  return {
    kind: "sqlite",
    open: async () => {
      const database = openFile(file, options);
      const db = new Kysely<Database>({
        dialect: new NodeSqliteDialect({ database, busyTimeoutMs: options.busyTimeoutMs ?? 5_000 }),
      });
      try {
        await migrate(db, "sqlite");
      } catch (error) {
        if (database.isOpen) database.close();
        throw unusable(file, error);
      }
      return createOpenStore(database, db);
    },
  };
}

function openFile(file: string, options: SqliteStoreOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    if (file !== ":memory:") {
      if (options.mustExist && !existsSync(file)) throw new Error("there is no such file");
      mkdirSync(dirname(file), { recursive: true });
      // Created here first, so that the file never exists with another mode. SQLite gives the -wal
      // and -shm files the same mode.
      closeSync(openSync(file, "a", 0o600));
      chmodSync(file, 0o600);
    }
    database = new DatabaseSync(file, { timeout: OPEN_TIMEOUT_MS });
    database.exec("pragma journal_mode = wal");
    database.exec(`pragma synchronous = ${options.durability === "normal" ? "normal" : "full"}`);
    // From now on the dialect waits, without blocking the event loop.
    database.exec("pragma busy_timeout = 0");
    return database;
  } catch (error) {
    database?.close();
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): BridgeError {
  const why = storeFault(cause) ?? (cause instanceof Error ? cause.message : "unknown error");
  return new BridgeError(
    "STORE_UNAVAILABLE",
    `The session store ${file} cannot be opened: ${why}.`,
    { cause },
  );
}

function createOpenStore(database: DatabaseSync, db: Kysely<Database>): OpenStore {
  return {
    kind: "sqlite",
    db,
    write: createWriteBatcher(db),
    // Reading the counter takes microseconds here, so other processes poll it.
    announce: () => Promise.resolve(),
    watch: () => Promise.resolve(),
    pollIntervalMs: 200,
    slowestWriteMs: 0,
    // All processes that use the file are on this machine.
    nowMs: () => Promise.resolve(Date.now()),
    faultOf: (error) => (database.isOpen ? storeFault(error) : "it is closed"),
    close: async () => {
      await db.destroy();
      if (database.isOpen) database.close();
    },
  };
}
