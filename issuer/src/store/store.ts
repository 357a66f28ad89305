/**
 * A store: a database with the tables of `schema.ts`, and a notification when another process has
 * written to it. The queries are Kysely's and live beside the code that needs them; a store knows
 * neither sessions nor keys.
 */
import type { CompiledQuery, Kysely, QueryResult, Transaction } from "kysely";
import type { Database } from "./schema.ts";

export type StoreKind = "sqlite" | "postgres";

/** A store that is not open yet. An issuer opens it at its start and closes it at its end. */
export interface Store {
  readonly kind: StoreKind;
  /**
   * Connects and migrates the schema. Each call opens an independent connection.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE
   */
  open(): Promise<OpenStore>;
}

export interface OpenStore {
  readonly kind: StoreKind;
  readonly db: Kysely<Database>;
  /** Runs a single write. A store may put several single writes into one transaction. */
  write(query: CompiledQuery): Promise<QueryResult<unknown>>;
  /** Wakes {@link OpenStore.watch} in the other processes once the transaction has committed. */
  announce(transaction: Transaction<Database>, seq: number): Promise<void>;
  /**
   * Calls back soon after another process has written. The call is a hint: it may come late, twice or
   * never. Correct code reads the change table.
   */
  watch(onWake: () => void): Promise<void>;
  /** How often to read the change counter without a notification, in milliseconds. */
  readonly pollIntervalMs: number;
  /**
   * A write of one statement that has not been committed this many milliseconds after it began has failed;
   * 0 when writes are committed in the order of their numbers.
   */
  readonly slowestWriteMs: number;
  /** The present for all processes on this store, epoch milliseconds. */
  nowMs(): Promise<number>;
  /**
   * Why the database cannot be used, such as unreachable, full or read-only, and what to do. Without
   * secrets, and without a period. `undefined` when the query is wrong.
   */
  faultOf(error: unknown): string | undefined;
  close(): Promise<void>;
}
