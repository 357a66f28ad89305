/** A Postgres store behind a pooler. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BridgeError } from "@breezeway/shared";
import { pgbouncer, startPgbouncer } from "@breezeway/test-support/pgbouncer";
import {
  START_TIMEOUT_MS,
  startPostgres,
  type PostgresServer,
} from "@breezeway/test-support/postgres";
import { createIssuer, type Issuer } from "../../index.ts";
import { postgresStore } from "../../postgres.ts";

const ORDERS = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" };

const codeOf = (error: unknown): unknown => (BridgeError.is(error) ? error.code : error);

describe.runIf(pgbouncer)("a Postgres store behind PgBouncer", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.createDatabase();
  }, START_TIMEOUT_MS);
  afterAll(() => server.close());

  it("is refused with the settings to change while the pooler does not take the time limit", async () => {
    await using pooler = await startPgbouncer(server, ["pool_mode = transaction"]);
    await expect(
      postgresStore({ connectionString: pooler.urlOf("test_1") }).open(),
    ).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message:
        "The Postgres store cannot be opened: the server does not take the startup parameter statement_timeout. It is probably a pooler: connect to Postgres itself, or use the session mode of the pooler and let it ignore the parameter (ignore_startup_parameters of PgBouncer).",
    });
  });

  it("opens, migrates and tells another issuer of its changes in session mode", async () => {
    await using pooler = await startPgbouncer(server, [
      "pool_mode = session",
      "ignore_startup_parameters = statement_timeout",
    ]);
    await using issuers = new AsyncDisposableStack();
    const open = (): Issuer => {
      const store = postgresStore({ connectionString: pooler.urlOf("test_1"), maxConnections: 2 });
      const issuer = createIssuer({ issuer: "https://shop.example/auth", apps: [ORDERS], store });
      return issuers.adopt(issuer, (opened) => opened.close());
    };
    const [first, second] = [open(), open()];
    await Promise.all([first.ready, second.ready]);
    const { session } = await first.sessions.create({ userId: "alice", tenantId: "acme" });
    const mint = () => second.sessions.mintToken(session.handle, "orders");
    await expect(mint()).resolves.toBeDefined();
    await first.sessions.revoke(session.handle);
    await expect.poll(() => mint().then(() => "minted", codeOf)).toBe("SESSION_REVOKED");
  });
});
