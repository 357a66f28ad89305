/** A Postgres store whose server refuses: full, read-only, without rights, with another password. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BridgeError } from "@breezeway/shared";
import { startPostgres, START_TIMEOUT_MS, query } from "@breezeway/test-support/postgres";
import type { PostgresServer } from "@breezeway/test-support/postgres";
import type { Issuer } from "../../index.ts";
import { postgresStore, type PostgresStoreOptions } from "../../postgres.ts";
import { openBrowser } from "../../../test-support/client.ts";
import { call, reasonOf, testIssuer } from "../../../test-support/test-issuer.ts";

const PASSWORD = "canary-4711";

let server: PostgresServer;
let admin: string;
let elsewhere: string;
let issuer: Issuer;
let reported: string[];

beforeAll(async () => {
  server = await startPostgres();
}, START_TIMEOUT_MS);
afterAll(() => server.close());
afterEach(() => issuer.close());

/** A user with a database. `admin` reaches it as another user, `elsewhere` another database. */
async function prepare(): Promise<{ user: string; database: string; connectionString: string }> {
  admin = await server.createDatabase();
  const [database = ""] = /test_\d+/.exec(admin) ?? [];
  elsewhere = admin.replace(database, "postgres");
  const user = `user_${database}`;
  await query(
    admin,
    `create user ${user} password '${PASSWORD}'; alter database ${database} owner to ${user};
     alter schema public owner to ${user}`,
  );
  return { user, database, connectionString: admin.replace("postgres@", `${user}:${PASSWORD}@`) };
}

/** An issuer that signs in to its own database as a user of its own. */
async function start(
  options: Partial<PostgresStoreOptions> = {},
): Promise<{ user: string; database: string }> {
  const { user, database, connectionString } = await prepare();
  reported = [];
  issuer = testIssuer({
    store: postgresStore({ connectionString, ...options }),
    onError: (error) => reported.push(messageOf(error)),
  });
  await issuer.ready;
  return { user, database };
}

function messageOf(error: unknown): string {
  return BridgeError.is(error) ? error.message : String(error);
}

/** Ends the connections of the issuer, so that it needs new ones, and waits until the server has closed them. */
async function disconnect(user: string): Promise<void> {
  await query(
    elsewhere,
    `select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = '${user}'`,
  );
}

describe("a server that is full", () => {
  it.each([1, 2, 5])(
    "serves 20 requests at once through the %s connections that it grants",
    async (granted) => {
      const { user } = await start({ maxConnections: 20 });
      const browser = await openBrowser(issuer);
      await disconnect(user);
      // One more for LISTEN, which may or may not get its place.
      await query(admin, `alter user ${user} connection limit ${granted + 1}`);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => call(issuer, "/session", { cookie: browser.cookie })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(reported).toEqual([]);
    },
  );

  it("answers 503 with the server's reason once the time limit is over, and recovers", async () => {
    const { user } = await start({ connectTimeoutMs: 3_000 });
    const browser = await openBrowser(issuer);
    await query(admin, `alter user ${user} connection limit 0`);
    await disconnect(user);
    // The first requests may still find connections that the server has just ended.
    await expect
      .poll(async () => [await reasonOf(await browser.refresh()), reported.at(-1)])
      .toEqual([
        "503 store-unavailable",
        expect.stringMatching(
          /the server has no free connection\. .*maxConnections.* \(SQLSTATE 53300: too many connections for role "user_\w+"\)\.$/,
        ),
      ]);
    await query(admin, `alter user ${user} connection limit -1`);
    await expect.poll(async () => (await browser.refresh()).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(issuer, "/session", { cookie: browser.cookie })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  it("says that its own connections are busy, not that the server does not answer", async () => {
    await start({ maxConnections: 1, connectTimeoutMs: 3_000 });
    const browser = await openBrowser(issuer);
    const store = await postgresStore({
      connectionString: admin,
      maxConnections: 1,
      connectTimeoutMs: 3_000,
    }).open();
    const held = Promise.withResolvers<void>();
    const holding = store.db.transaction().execute(() => held.promise);
    const refused: unknown = await store.nowMs().catch((error: unknown) => error);
    expect(store.faultOf(refused)).toMatch(/^all connections of this process are busy\. Raise max/);
    held.resolve();
    await holding;
    expect(await store.nowMs()).toBeGreaterThan(0);
    await store.close();
    expect((await browser.refresh()).status).toBe(200);
  });
});

interface Refusal {
  readonly refuse: string;
  readonly allow: string;
  readonly cause: RegExp;
  /** Whether the health endpoint notices it. Default true. */
  readonly isHealthy?: boolean;
}

const LATER: readonly [string, (user: string, database: string) => Refusal][] = [
  [
    "is read-only",
    (user) => ({
      refuse: `alter user ${user} set default_transaction_read_only = on`,
      allow: `alter user ${user} reset default_transaction_read_only`,
      cause: /the server is read-only\. .* \(SQLSTATE 25006: cannot execute \w+ in a read-only/,
    }),
  ],
  [
    "no longer lets the user in",
    (user) => ({
      refuse: `alter user ${user} nologin`,
      allow: `alter user ${user} login`,
      cause: /does not admit this user.* \(SQLSTATE 28000: role "user_\w+" is not permitted to log/,
    }),
  ],
  [
    "takes the user's rights away",
    (user) => ({
      refuse: `revoke all on breezeway_session from ${user}`,
      allow: `grant all on breezeway_session to ${user}`,
      cause: /may not create or use the tables.* \(SQLSTATE 42501: permission denied for table/,
      isHealthy: true,
    }),
  ],
  [
    "closes the database",
    (_user, database) => ({
      refuse: `alter database ${database} allow_connections false`,
      allow: `alter database ${database} allow_connections true`,
      cause: /\(SQLSTATE 55000: database "test_\d+" is not currently accepting connections\)/,
    }),
  ],
  [
    "loses a table",
    () => ({
      refuse: "alter table breezeway_session rename to elsewhere",
      allow: "alter table elsewhere rename to breezeway_session",
      cause: /lacks a table.* \(SQLSTATE 42P01: relation "breezeway_session" does not exist\)/,
      isHealthy: true,
    }),
  ],
  [
    "lets a statement take too long",
    () => ({
      refuse: `create function hold() returns trigger language plpgsql as
        $$ begin perform pg_sleep(9); return new; end $$;
        create trigger hold before update on breezeway_session for each row execute function hold()`,
      allow: "drop trigger hold on breezeway_session",
      cause:
        /reached its time limit.* \(SQLSTATE 57014: canceling statement due to statement timeout/,
      isHealthy: true,
    }),
  ],
];

it.each(LATER)(
  "answers 503 when the server %s, names the cause, and recovers",
  async (_case, refusalOf) => {
    const { user, database } = await start({ statementTimeoutMs: 1_000 });
    const { refuse, allow, cause, isHealthy = false } = refusalOf(user, database);
    const browser = await openBrowser(issuer);
    // A closed database can only be opened from another one.
    const url = refuse.includes("breezeway_session") ? admin : elsewhere;
    await query(url, refuse);
    await disconnect(user);
    await expect.poll(() => browser.refresh().then(reasonOf)).toBe("503 store-unavailable");
    await expect
      .poll(async () => {
        await browser.refresh();
        return reported.at(-1);
      })
      .toMatch(cause);
    expect(reported.join()).not.toContain(PASSWORD);
    if (!isHealthy) {
      const health = await call(issuer, "/health");
      expect([health.status, await health.json()]).toEqual([
        503,
        expect.objectContaining({ ready: false, writes: false }),
      ]);
    }
    await query(url, allow);
    await expect.poll(async () => (await browser.refresh()).status).toBe(200);
    await expect.poll(async () => (await call(issuer, "/health")).status).toBe(200);
  },
);

it.each<[string, (user: string, database: string) => string, RegExp]>([
  [
    "may create no tables",
    (user) => `alter schema public owner to postgres; revoke all on schema public from ${user}`,
    /may not create or use the tables.* \(SQLSTATE 42501: permission denied for schema public\)/,
  ],
  [
    "is read-only",
    (user) => `alter user ${user} set default_transaction_read_only = on`,
    /the server is read-only.* \(SQLSTATE 25006: cannot execute CREATE TABLE in a read-only/,
  ],
  [
    "is full",
    (user) => `alter user ${user} connection limit 0`,
    /no free connection.* \(SQLSTATE 53300: too many connections for role/,
  ],
  [
    "has another name for the database",
    (_user, database) => `alter database ${database} rename to other_${database}`,
    /no such database.* \(SQLSTATE 3D000: database "test_\d+" does not exist\)/,
  ],
  [
    "lets the user not in",
    (user) => `alter user ${user} nologin`,
    /does not admit this user.* \(SQLSTATE 28000: role "user_\w+" is not permitted to log in\)/,
  ],
])("cannot be opened when the server %s, and names the cause", async (_case, refuse, cause) => {
  const { user, database, connectionString } = await prepare();
  const statement = refuse(user, database);
  await query(statement.includes("schema") ? admin : elsewhere, statement);
  issuer = testIssuer({ store: postgresStore({ connectionString, connectTimeoutMs: 1_000 }) });
  const failure: unknown = await issuer.ready.catch((error: unknown) => error);
  expect(messageOf(failure)).toMatch(cause);
  expect(messageOf(failure)).toMatch(/^The Postgres store cannot be opened: .*[^.]\.$/);
});
