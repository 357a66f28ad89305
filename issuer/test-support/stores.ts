/** Both stores, for suites that must pass on each. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import {
  START_TIMEOUT_MS,
  startPostgres,
  type PostgresServer,
} from "@breezeway/test-support/postgres";
import { postgresStore } from "../src/postgres.ts";
import { sqliteStore, type Store } from "../src/index.ts";

/** A database that several stores can open at the same time. */
export interface Place {
  /** The path of the file or the URL of the database. */
  readonly location: string;
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
      return Promise.resolve({
        location: file,
        store: () => sqliteStore({ file, durability: "normal" }),
      });
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
      return {
        location: connectionString,
        store: () => postgresStore({ connectionString, maxConnections: 4 }),
      };
    },
    close: () => server.close(),
  };
}

/** Defines a suite that must pass on each store. Each of its tests has an empty place. */
export function describeStores(
  name: string,
  suite: (place: () => Place, fixture: StoreFixture) => void,
): void {
  describe.each([sqliteFixture(), postgresFixture()])(name, (fixture) => {
    let place: Place;
    beforeAll(() => fixture.start(), START_TIMEOUT_MS);
    afterAll(() => fixture.close());
    beforeEach(async () => {
      place = await fixture.place();
    });
    suite(() => place, fixture);
  });
}
