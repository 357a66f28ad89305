/** Both stores, for suites that must hold on each. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresStore } from "../postgres.ts";
import { sqliteStore, type Store } from "../index.ts";
import { startPostgres, type PostgresServer } from "./postgres-server.ts";

/** Somewhere that several stores can open at once and find each other's data. */
export interface Place {
  store(): Store;
}

export interface StoreFixture {
  readonly name: "sqlite" | "postgres";
  start(): Promise<void>;
  /** An empty place. */
  place(): Promise<Place>;
  close(): Promise<void>;
}

export function sqliteFixture(): StoreFixture {
  let folder: string;
  let files = 0;
  return {
    name: "sqlite",
    start() {
      folder = mkdtempSync(join(tmpdir(), "issuer-store-"));
      return Promise.resolve();
    },
    place() {
      files += 1;
      const file = join(folder, `${files}.sqlite`);
      return Promise.resolve({ store: () => sqliteStore({ file, durability: "normal" }) });
    },
    close() {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}

export function postgresFixture(): StoreFixture {
  let server: PostgresServer;
  return {
    name: "postgres",
    async start() {
      server = await startPostgres();
    },
    async place() {
      const connectionString = await server.createDatabase();
      return { store: () => postgresStore({ connectionString, maxConnections: 4 }) };
    },
    close: () => server.close(),
  };
}

/** How long a test file may take to start its PostgreSQL, the first download included. */
export const START_TIMEOUT_MS = 300_000;
