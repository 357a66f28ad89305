import { Socket } from "node:net";
import { BridgeError } from "@breezeway/shared";
import {
  numberOption,
  optionObject,
  parseOptions,
  wholeNumberOption,
} from "@breezeway/shared/schemas";
import { Kysely, sql } from "kysely";
import { Pool, types as pgTypes, type ClientConfig, type CustomTypesConfig } from "pg";
import * as z from "zod/mini";
import { migrate } from "../migrate.ts";
import type { Database } from "../schema.ts";
import type { OpenStore, Store } from "../store.ts";
import { CHANNEL, createChangeListener, type ChangeListener } from "./change-listener.ts";
import { createConnectionQueue } from "./connection-queue.ts";
import { NodePostgresDialect } from "./node-postgres-dialect.ts";
import { createStoreFault, openFault, type StoreFault } from "./store-fault.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full` */
  readonly connectionString: string;
  /** Connections of this process, one more for LISTEN. 1 to 100, default 10. */
  readonly maxConnections?: number;
  /**
   * How long to wait for a connection, in milliseconds; 0 waits without limit. Default 5000. The time
   * also counts while the server has no free connection and those of this process are in use.
   */
  readonly connectTimeoutMs?: number;
  /**
   * Time limit of one statement, in milliseconds, at least 1. Default 7000. A connection that is
   * silent for a second longer is closed, so that an issuer whose network was cut silently works again
   * within 10 s. The server ends a transaction that waits as long for its next statement, so that an
   * issuer whose machine is gone keeps no lock.
   */
  readonly statementTimeoutMs?: number;
}

/** The largest time that Postgres and Node's timers take. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** The driver takes any text for the name of a database on this machine. */
function isConnectionString(text: string): boolean {
  // The host of a local socket stands in the query, which `URL` does not accept beside a user.
  const url = text.replace(/@(?:localhost)?\//, "@localhost/");
  return /^postgres(?:ql)?:\/\//i.test(text) && URL.canParse(url);
}

const postgresStoreOptions = optionObject<PostgresStoreOptions>({
  connectionString: z
    .string()
    .check(
      z.refine(
        isConnectionString,
        "must be a URL such as postgres://user:password@host:5432/database, with special characters percent-encoded",
      ),
    ),
  maxConnections: z.optional(wholeNumberOption(1, 100)),
  connectTimeoutMs: z.optional(numberOption(0, MAX_TIMEOUT_MS)),
  // Postgres takes 0 for "no limit": a connection whose network was cut would never be closed.
  statementTimeoutMs: z.optional(numberOption(1, MAX_TIMEOUT_MS)),
});

/** Time for an answer to arrive, beyond the time limit of its statement. */
const TRANSFER_MS = 1_000;

// Times and sequence numbers stay far below 2^53, so int8 columns are read as numbers.
const types: CustomTypesConfig = {
  getTypeParser: (...args: Parameters<CustomTypesConfig["getTypeParser"]>) =>
    args[0] === pgTypes.builtins.INT8
      ? (text: string) => Number(text)
      : pgTypes.getTypeParser(...args),
};

/** A question now and then costs little, and its answer takes a moment. */
function heartbeatMs(statementTimeoutMs: number): number {
  return Math.min(Math.max(statementTimeoutMs, 1_000), 10_000);
}

/**
 * A store in PostgreSQL 13 or newer, for issuers on more than one machine.
 *
 * @throws {BridgeError} CONFIG_INVALID, when an option is unknown or does not fit
 */
export function postgresStore(options: PostgresStoreOptions): Store {
  const {
    connectionString,
    maxConnections = 10,
    connectTimeoutMs = 5_000,
    statementTimeoutMs = 7_000,
  } = parseOptions(postgresStoreOptions, options, "postgresStore");
  const connection: ClientConfig = {
    connectionString,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    application_name: "breezeway-issuer",
    types,
  };
  return {
    kind: "postgres",
    open: async () => {
      const pool = new Pool({
        ...connection,
        max: maxConnections,
        // Shorter than the limit of silence, which an unused connection would reach.
        idleTimeoutMillis: statementTimeoutMs,
        stream: () => boundedSocket(statementTimeoutMs + TRANSFER_MS),
      });
      // The pool replaces a broken connection. An error event without a listener would end the
      // process. The pool listens on idle connections only, so each connection gets a listener.
      pool.on("error", () => undefined);
      pool.on("connect", (client) => client.on("error", () => undefined));
      const queue = createConnectionQueue(pool, {
        max: maxConnections,
        timeoutMs: connectTimeoutMs,
      });
      const dialect = new NodePostgresDialect({ pool: queue, maxSilenceMs: statementTimeoutMs });
      const db = new Kysely<Database>({ dialect });
      try {
        await migrate(db, "postgres");
      } catch (cause) {
        await db.destroy();
        throw new BridgeError(
          "STORE_UNAVAILABLE",
          `The Postgres store cannot be opened: ${openFault(cause, connectionString)}.`,
          { cause },
        );
      }
      return createOpenStore({
        db,
        listener: createChangeListener(connection, heartbeatMs(statementTimeoutMs)),
        faultOf: createStoreFault(connectionString),
        slowestWriteMs: statementTimeoutMs + TRANSFER_MS,
      });
    },
  };
}

/**
 * A socket that closes after this much silence. The server ends statements that take too long, but
 * when the network is cut, TCP keeps a connection and its callers waiting for a quarter of an hour.
 */
function boundedSocket(maxSilenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(maxSilenceMs, () => {
    socket.destroy(new Error("Connection terminated: the server was silent."));
  });
}

interface OpenStoreDeps {
  readonly db: Kysely<Database>;
  readonly listener: ChangeListener;
  readonly faultOf: StoreFault;
  readonly slowestWriteMs: number;
}

function createOpenStore({ db, listener, faultOf, slowestWriteMs }: OpenStoreDeps): OpenStore {
  return {
    kind: "postgres",
    db,
    // Postgres itself groups the commits of several connections.
    write: (query) => db.executeQuery(query),
    // Postgres delivers the notification when the transaction commits.
    announce: async (transaction, seq) => {
      await sql`select pg_notify(${CHANNEL}, ${String(seq)})`.execute(transaction);
    },
    watch: (onWake) => listener.start(onWake),
    pollIntervalMs: 500,
    slowestWriteMs,
    nowMs: async () => {
      const { rows } = await sql<{ now_ms: number }>`
        select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms
      `.execute(db);
      const [row] = rows;
      if (!row) throw new BridgeError("INTERNAL_ERROR", "The database did not return its time.");
      return row.now_ms;
    },
    faultOf,
    close: async () => {
      listener.close();
      await db.destroy();
    },
  };
}
