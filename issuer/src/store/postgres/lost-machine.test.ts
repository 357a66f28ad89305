/** An issuer whose machine is gone in the middle of a transaction: nobody tells the server. */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  START_TIMEOUT_MS,
  startPostgres,
  startPostgresRelay,
  type PostgresServer,
} from "@breezeway/test-support/postgres";
import { postgresStore } from "../../postgres.ts";
import { appendChanges } from "../../changes/change-log.ts";
import type { OpenStore } from "../store.ts";

const STATEMENT_TIMEOUT_MS = 500;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, START_TIMEOUT_MS);
afterAll(() => server.close());

const append = (store: OpenStore): Promise<unknown> =>
  store.db
    .transaction()
    .execute((transaction) =>
      appendChanges(store, transaction, [{ kind: "session", subject: "s" }], 0),
    );

it("keeps no lock that stops the writes of the others", async () => {
  const connectionString = await server.createDatabase();
  await using relay = await startPostgresRelay(connectionString);
  const open = (place: string): Promise<OpenStore> =>
    postgresStore({ connectionString: place, statementTimeoutMs: STATEMENT_TIMEOUT_MS }).open();
  const [lost, alive] = [await open(relay.connectionString), await open(connectionString)];
  await using stores = new AsyncDisposableStack();
  for (const store of [lost, alive]) stores.defer(() => store.close());

  const gone = Promise.withResolvers<void>();
  stores.defer(() => gone.resolve());
  const locked = Promise.withResolvers<void>();
  const transaction = lost.db.transaction().execute(async (opened) => {
    await appendChanges(lost, opened, [{ kind: "session", subject: "s" }], 0);
    relay.stall();
    locked.resolve();
    await gone.promise;
  });
  await locked.promise;
  await expect
    .poll(
      () =>
        append(alive).then(
          () => "written",
          () => "waits",
        ),
      { timeout: 10_000 },
    )
    .toBe("written");
  gone.resolve();
  await expect(transaction).rejects.toThrow();
});
