/**
 * What a store is: a database that holds the tables of `schema.ts`, and a way to hear that another
 * process wrote to it. All queries are Kysely's and stand with the code that needs them; a store
 * knows no session and no key.
 */
import type { CompiledQuery, Kysely, QueryResult, Transaction } from "kysely";
import type { Database } from "./schema.ts";

/** A store that is not open yet: an issuer opens it when it starts, and closes it. */
export interface Store {
  readonly kind: "sqlite" | "postgres";
  /**
   * Connects and brings the schema up to date. Each call gives an independent connection.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE
   */
  open(): Promise<OpenStore>;
}

export interface OpenStore {
  readonly kind: "sqlite" | "postgres";
  readonly db: Kysely<Database>;
  /** One statement that stands alone. A store may put several into one transaction. */
  write(query: CompiledQuery): Promise<QueryResult<unknown>>;
  /** Wakes {@link OpenStore.watch} in the other processes once the transaction has committed. */
  announce(transaction: Transaction<Database>, seq: number): Promise<void>;
  /**
   * Calls back soon after another process has written. A hint only: it may come late, twice, or
   * not at all, and whoever needs to be right reads the change table.
   */
  watch(onWake: () => void): Promise<void>;
  /** How often to read the change counter even when nothing woke us, in milliseconds. */
  readonly pollIntervalMs: number;
  /** What all processes on this store take for the present, epoch milliseconds. */
  nowMs(): Promise<number>;
  /** True for errors that say the database is away or out of space, not that a query is wrong. */
  isUnavailable(error: unknown): boolean;
  close(): Promise<void>;
}
