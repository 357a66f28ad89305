import { DatabaseSync } from "node:sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  query,
  startPostgres,
  type PostgresServer,
  START_TIMEOUT_MS,
} from "@breezeway/test-support/postgres";
import { sqliteStore, type Issuer } from "./index.ts";
import { postgresStore } from "./postgres.ts";
import { openBrowser, type Browser } from "../test-support/client.ts";
import { call, reasonOf, testClock, testIssuer } from "../test-support/test-issuer.ts";

const problemOf = async (response: Response): Promise<unknown> => ({
  ...((await response.clone().json()) as object),
  retryAfter: response.headers.get("retry-after"),
});

const WAIT = { status: 503, reason: "store-unavailable", action: "wait", retryAfter: "1" };

describe("while Postgres is down", () => {
  let server: PostgresServer;
  let issuer: Issuer;
  let browser: Browser;

  beforeAll(async () => {
    server = await startPostgres();
  }, START_TIMEOUT_MS);
  afterAll(() => server.close());
  afterEach(() => issuer.close());

  async function start(): Promise<string> {
    const connectionString = await server.createDatabase();
    issuer = testIssuer({
      store: postgresStore({ connectionString }),
      onError: () => undefined,
    });
    browser = await openBrowser(issuer);
    return connectionString;
  }

  it("answers 503 with action wait, and recovers once Postgres is back", async () => {
    await start();
    expect((await browser.mint()).status).toBe(200);
    await server.stop();
    expect(await problemOf(await browser.refresh())).toMatchObject(WAIT);
    const signOut = await call(issuer, "/session", { method: "DELETE", cookie: browser.cookie });
    expect(await problemOf(signOut)).toMatchObject(WAIT);
    await expect(issuer.sessions.create({ userId: "u", tenantId: "t" })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect(await (await call(issuer, "/health")).json()).toMatchObject({
      live: true,
      ready: false,
      store: false,
      writes: false,
      keys: true,
      clock: true,
      draining: false,
    });
    await server.start();
    expect((await browser.refresh()).status).toBe(200);
    expect((await browser.mint()).status).toBe(200);
    expect((await call(issuer, "/health")).status).toBe(200);
  });

  it("answers 401 to a request without a session, without a query", async () => {
    await start();
    await server.stop();
    expect(await reasonOf(await call(issuer, "/session"))).toBe("401 session-missing");
    const withCookie = await call(issuer, "/session", { cookie: browser.cookie });
    expect(await reasonOf(withCookie)).toBe("503 store-unavailable");
    await server.start();
  });

  it("mints from memory for less than a second, then answers 503", async () => {
    await start();
    expect((await browser.mint()).status).toBe(200);
    await server.stop();
    await expect
      .poll(() => browser.mint().then(reasonOf), { interval: 20 })
      .toBe("503 store-unavailable");
    await server.start();
    expect((await browser.mint()).status).toBe(200);
  });

  it("follows other processes again once Postgres is back", async () => {
    const connectionString = await start();
    await server.stop();
    await server.start();
    const other = testIssuer({ store: postgresStore({ connectionString }) });
    await other.sessions.revokeAllForUser("alice");
    await expect.poll(() => browser.mint().then(reasonOf)).toBe("401 session-revoked");
    await other.close();
  });

  it("rejects ready when Postgres cannot be reached", async () => {
    const connectionString = await start();
    await server.stop();
    const late = testIssuer({
      store: postgresStore({ connectionString }),
      onError: () => undefined,
    });
    await expect(late.ready).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await problemOf(await call(late, "/session"))).toMatchObject(WAIT);
    await late.close();
    await server.start();
  });

  it("writes nothing when the connection breaks inside a transaction", async () => {
    const connectionString = await start();
    await query(
      connectionString,
      `create function cut() returns trigger language plpgsql as $$
       begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
       create trigger cut before insert on breezeway_change for each row execute function cut()`,
    );
    await expect(issuer.sessions.revokeAllForUser("alice")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    await query(connectionString, "drop trigger cut on breezeway_change");
    expect(await issuer.sessions.listForUser("alice")).toHaveLength(1);
    expect((await browser.mint()).status).toBe(200);
    const changes = await query(
      connectionString,
      "select * from breezeway_change where kind = 'session'",
    );
    expect(changes).toEqual([]);
    expect(await issuer.sessions.revokeAllForUser("alice")).toHaveLength(1);
  });
});

describe("an SQLite file", () => {
  const folder = mkdtempSync(join(tmpdir(), "issuer-outage-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("that another process locks leads to a wait, then 503, without loss", async () => {
    const file = join(folder, "issuer.sqlite");
    const issuer = testIssuer({
      store: sqliteStore({ file, busyTimeoutMs: 100 }),
      onError: () => undefined,
    });
    const browser = await openBrowser(issuer);
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    expect(await problemOf(await browser.refresh())).toMatchObject(WAIT);
    // Reading needs no lock.
    expect((await browser.session()).status).toBe(200);
    other.exec("rollback");
    other.close();
    expect((await browser.refresh()).status).toBe(200);
    await issuer.close();
  });

  it("that is not a database stops the start and stays unchanged", async () => {
    const other = join(folder, "other.sqlite");
    writeFileSync(other, "this is a text file, and somebody may need it".repeat(40));
    const issuer = testIssuer({ store: sqliteStore({ file: other }), onError: () => undefined });
    await expect(issuer.ready).rejects.toThrow(`The session store ${other} cannot be opened`);
    await expect(issuer.ready).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await reasonOf(await call(issuer, "/session"))).toBe("503 store-unavailable");
  });

  it("in a folder that cannot be created stops the start, naming the folder", async () => {
    const text = join(folder, "a-file");
    writeFileSync(text, "");
    const issuer = testIssuer({ store: sqliteStore({ file: join(text, "sub", "x.sqlite") }) });
    await expect(issuer.ready).rejects.toThrow("sub/x.sqlite cannot be opened");
  });
});

describe("a clock that jumps", () => {
  it("does not reopen the grace of a rotation", async () => {
    const clock = testClock();
    const issuer = testIssuer({ clock });
    const browser = await openBrowser(issuer);
    const old = browser.cookie;
    await browser.refresh();
    clock.advance(-3_600_000);
    expect(await reasonOf(await call(issuer, "/session", { cookie: old }))).toBe(
      "401 refresh-reused",
    );
    await issuer.close();
  });

  it("keeps minting when it is set back before the creation of the key", async () => {
    const clock = testClock();
    const issuer = testIssuer({ clock });
    const browser = await openBrowser(issuer);
    clock.advance(-86_400_000);
    expect((await browser.mint()).status).toBe(200);
    await issuer.close();
  });
});
