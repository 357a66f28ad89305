/** A Postgres store behind a pooler in transaction mode. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pgbouncer, startPgbouncer } from "@breezeway/test-support/pgbouncer";
import {
  START_TIMEOUT_MS,
  startPostgres,
  type PostgresServer,
} from "@breezeway/test-support/postgres";
import { postgresStore } from "../../postgres.ts";

describe.runIf(pgbouncer)("a Postgres store behind PgBouncer in transaction mode", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.createDatabase();
  }, START_TIMEOUT_MS);
  afterAll(() => server.close());

  it("is refused with the setting to change while the pooler does not take the time limit", async () => {
    await using pooler = await startPgbouncer(server, []);
    await expect(
      postgresStore({ connectionString: pooler.urlOf("test_1") }).open(),
    ).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message:
        "The Postgres store cannot be opened: the server does not take the startup parameter statement_timeout. It is probably a pooler: connect to Postgres itself, or let the pooler ignore the parameter (ignore_startup_parameters of PgBouncer).",
    });
  });
});
