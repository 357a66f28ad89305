import { Socket } from "node:net";
import { BridgeError } from "@breezeway/shared";
import { Kysely, PostgresDialect, sql } from "kysely";
import { Pool, types as pgTypes, type ClientConfig, type CustomTypesConfig } from "pg";
import { migrate } from "../migrate.ts";
import type { Database } from "../schema.ts";
import type { OpenStore, Store } from "../store.ts";
import { CHANNEL, createChangeListener, type ChangeListener } from "./change-listener.ts";
import { isUnavailable } from "./unavailable.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full` */
  readonly connectionString: string;
  /** Connections of this process, one more for LISTEN. 1 to 100, default 10. */
  readonly maxConnections?: number;
  /** How long to wait for a connection, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number;
  /**
   * The longest that one statement may take, in milliseconds, at least 1. Default 10000. A connection on
   * which nothing moves for a second longer is given up.
   */
  readonly statementTimeoutMs?: number;
}

/** What an answer may take on its way, beyond the time that its statement may take. */
const TRANSFER_MS = 1_000;

/**
 * PostgreSQL 13 or newer: for issuers on more than one machine.
 *
 * @throws {BridgeError} CONFIG_INVALID
 */
export function postgresStore(options: PostgresStoreOptions): Store {
  const { connectionString, maxConnections = 10, statementTimeoutMs = 10_000 } = options;
  // Postgres takes 0 for no limit at all, and a network that was cut would never be given up.
  if (!(statementTimeoutMs >= 1)) {
    throw new BridgeError("CONFIG_INVALID", "statementTimeoutMs: must be at least 1.");
  }
  const connection: ClientConfig = {
    connectionString,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    statement_timeout: statementTimeoutMs,
    application_name: "breezeway-issuer",
    types,
  };
  return {
    kind: "postgres",
    async open() {
      const pool = new Pool({
        ...connection,
        max: maxConnections,
        // Before the limit of silence: a connection that nobody uses is silent, too.
        idleTimeoutMillis: statementTimeoutMs,
        stream: () => boundedSocket(statementTimeoutMs + TRANSFER_MS),
      });
      // A connection that breaks is replaced by the pool. Unheard, the event would end the process;
      // the pool hears it for idle connections only, so each hears its own too.
      pool.on("error", () => undefined);
      pool.on("connect", (client) => client.on("error", () => undefined));
      const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
      try {
        await migrate(db);
      } catch (cause) {
        await db.destroy();
        throw new BridgeError(
          "STORE_UNAVAILABLE",
          "The Postgres store cannot be opened: is it up, and may this user create tables?",
          { cause },
        );
      }
      return createOpenStore(db, createChangeListener(connection));
    },
  };
}

/**
 * The server ends a statement that takes too long, unless it cannot: a network that was cut without an
 * end would keep the connection, and whoever waits for it, for as long as TCP tries (a quarter of an hour).
 */
function boundedSocket(maxSilenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(maxSilenceMs, () => {
    socket.destroy(new Error("Connection terminated: the server was silent."));
  });
}

// Times and sequence numbers stay far below 2^53, so int8 is read as a number.
const types: CustomTypesConfig = {
  getTypeParser: (...args: Parameters<CustomTypesConfig["getTypeParser"]>) =>
    args[0] === pgTypes.builtins.INT8
      ? (text: string) => Number(text)
      : pgTypes.getTypeParser(...args),
};

function createOpenStore(db: Kysely<Database>, listener: ChangeListener): OpenStore {
  return {
    kind: "postgres",
    db,
    // Postgres commits for several connections at once by itself.
    write: (query) => db.executeQuery(query),
    // Reaches listeners when the transaction commits, and not at all when it does not.
    async announce(transaction, seq) {
      await sql`select pg_notify(${CHANNEL}, ${String(seq)})`.execute(transaction);
    },
    watch: (onWake) => listener.start(onWake),
    pollIntervalMs: 500,
    async nowMs() {
      const { rows } = await sql<{ now_ms: number }>`
        select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms
      `.execute(db);
      const [row] = rows;
      if (!row) throw new BridgeError("INTERNAL_ERROR", "The database told no time.");
      return row.now_ms;
    },
    isUnavailable,
    async close() {
      listener.close();
      await db.destroy();
    },
  };
}
