/** An issuer whose store is away at its start, later, or again and again. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { BridgeError } from "@breezeway/shared";
import {
  startPostgres,
  startPostgresRelay,
  type PostgresServer,
  START_TIMEOUT_MS,
} from "@breezeway/test-support/postgres";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { sqliteStore, type Issuer, type Store } from "./index.ts";
import { postgresStore } from "./postgres.ts";
import { installableApps, startAppBackend, type AppBackend } from "../test-support/app-backend.ts";
import { openBrowser } from "../test-support/client.ts";
import { gate, ORDERS, PLAIN } from "../test-support/installations.ts";
import { call, reasonOf, testIssuer } from "../test-support/test-issuer.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, START_TIMEOUT_MS);
afterAll(() => server.close());

/** A store with a fault that the test switches on and off. */
interface FaultyStore extends AsyncDisposable {
  readonly store: Store;
  away(): void;
  back(): void;
}

/** So long after a fault is over, everything works again. */
const HEALTHY_WITHIN_MS = 10_000;

async function behindRelay(fault: "cut" | "freeze"): Promise<FaultyStore> {
  const relay = await startPostgresRelay(await server.createDatabase());
  const { connectionString } = relay;
  return {
    store: postgresStore({ connectionString, connectTimeoutMs: 300, statementTimeoutMs: 300 }),
    away: () => relay[fault](),
    back: () => relay.restore(),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

/** Another process writes without an end. */
function lockedFile(): FaultyStore {
  const folder = temporaryFolder();
  const file = join(folder.path, "issuer.sqlite");
  const other = new DatabaseSync(file);
  other.exec("pragma journal_mode = wal");
  return {
    store: sqliteStore({ file, busyTimeoutMs: 50 }),
    away: () => other.exec("begin immediate"),
    back: () => other.exec("rollback"),
    [Symbol.asyncDispose]: () => {
      other.close();
      folder[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

const STORES: readonly [string, () => FaultyStore | Promise<FaultyStore>][] = [
  ["Postgres whose connections are cut", () => behindRelay("cut")],
  ["Postgres that hangs", () => behindRelay("freeze")],
  ["an SQLite file that is locked", lockedFile],
];

async function untilReady(issuer: Issuer): Promise<void> {
  await expect.poll(async () => (await call(issuer, "/health")).status).toBe(200);
}

describe.each(STORES)("with %s", (_name, place) => {
  it("answers 503 from its start on, and works once the store is back", async () => {
    await using faulty = await place();
    faulty.away();
    const issuer = testIssuer({ store: faulty.store, onError: () => undefined });
    await expect(issuer.ready).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await reasonOf(await call(issuer, "/session"))).toBe("503 store-unavailable");
    await expect(issuer.sessions.listForUser("alice")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    faulty.back();
    await untilReady(issuer);
    await issuer.ready;
    expect((await (await openBrowser(issuer)).mint()).status).toBe(200);
    await issuer.close();
  });

  it("answers 503 while the store is away later, and works each time it is back", async () => {
    await using faulty = await place();
    const issuer = testIssuer({ store: faulty.store, onError: () => undefined });
    const browser = await openBrowser(issuer);
    for (let outage = 0; outage < 3; outage += 1) {
      faulty.away();
      expect(await reasonOf(await browser.refresh())).toBe("503 store-unavailable");
      faulty.back();
      await expect.poll(async () => (await browser.refresh()).status).toBe(200);
    }
    await untilReady(issuer);
    expect((await browser.mint()).status).toBe(200);
    await issuer.close();
  });
});

it("uses new connections once the open ones of Postgres have been silent for a while", async () => {
  await using relay = await startPostgresRelay(await server.createDatabase());
  const limits = { connectTimeoutMs: 300, statementTimeoutMs: 300 };
  const store = await postgresStore({ connectionString: relay.connectionString, ...limits }).open();
  await store.nowMs();
  relay.stall();
  await expect(store.nowMs()).rejects.toThrow(/silent/);
  expect(await store.nowMs()).toBeGreaterThan(0);
  await store.close();
});

it("leaves 2 s for new connections after a silent one by default", async () => {
  const store = await postgresStore({ connectionString: await server.createDatabase() }).open();
  expect(store.slowestWriteMs).toBeLessThanOrEqual(HEALTHY_WITHIN_MS - 2_000);
  await store.close();
});

it.each(["cut", "freeze"] as const)(
  "wakes for the changes of another process after each %s of the network, although nothing was read",
  async (fault) => {
    const direct = await server.createDatabase();
    await using relay = await startPostgresRelay(direct);
    const { connectionString } = relay;
    const limits = { connectTimeoutMs: 300, statementTimeoutMs: 300 };
    const store = await postgresStore({ connectionString, ...limits }).open();
    const other = await postgresStore({ connectionString: direct }).open();
    let wakes = 0;
    await store.watch(() => void (wakes += 1));
    for (let outage = 0; outage < 2; outage += 1) {
      relay[fault]();
      relay.restore();
      // It wakes once when it listens again.
      const before = wakes;
      await expect.poll(() => wakes, { interval: 10 }).toBeGreaterThan(before);
      const listening = wakes;
      await other.db.transaction().execute((transaction) => other.announce(transaction, 1));
      await expect.poll(() => wakes, { interval: 10 }).toBeGreaterThan(listening);
    }
    await Promise.all([store.close(), other.close()]);
  },
);

describe("installations", () => {
  let backend: AppBackend;
  beforeAll(async () => {
    backend = await startAppBackend();
  });
  afterAll(() => backend.close());

  // The backend answers while the store is away. Its answer must not be lost: the claim of the call
  // would last for a minute, and the backend would get the call again.
  it.each(STORES)("store the answer of a backend once %s is back", async (_name, place) => {
    await using faulty = await place();
    let failures = 0;
    const issuer = testIssuer({
      store: faulty.store,
      apps: installableApps(backend.origin),
      installations: { timeoutMs: 20_000 },
      onError: () => void (failures += 1),
    });
    const called = gate();
    const answered = gate();
    const before = backend.calls.length;
    backend.answer = async (response) => {
      called.open();
      await answered.passed;
      response.writeHead(204).end();
    };
    await issuer.installations.install(ORDERS);
    await called.passed;
    faulty.away();
    answered.open();
    await expect.poll(() => failures, { interval: 5 }).toBeGreaterThan(0);
    await expect(issuer.installations.install(PLAIN)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    faulty.back();
    const state = async (): Promise<unknown> =>
      (await issuer.installations.get(ORDERS).catch(() => undefined))?.state;
    await expect.poll(state).toBe("setup");
    expect(backend.calls.length - before).toBe(1);
    await issuer.close();
  });
});

describe("an issuer that waits for its store", () => {
  afterEach(() => void vi.useRealTimers());

  /** A store that never opens, each time for the next of these reasons. */
  function closedStore(...reasons: string[]): Store & { attempts: number } {
    const store = {
      kind: "postgres" as const,
      attempts: 0,
      open: () => {
        const reason = reasons[Math.min(store.attempts, reasons.length - 1)] ?? "";
        store.attempts += 1;
        return Promise.reject(new BridgeError("STORE_UNAVAILABLE", reason));
      },
    };
    return store;
  }

  it("makes an attempt once a second, however many calls wait, and none after it is closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const store = closedStore("away");
    const issuer = testIssuer({ store });
    await expect(issuer.ready).rejects.toThrow("away");
    for (let second = 1; second <= 20; second += 1) {
      expect(store.attempts).toBe(second);
      const answers = await Promise.all([1, 2, 3].map(() => call(issuer, "/session")));
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
      await vi.advanceTimersByTimeAsync(999);
      expect(store.attempts).toBe(second);
      await vi.advanceTimersByTimeAsync(1);
    }
    await issuer.close();
    const { attempts } = store;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([store.attempts, vi.getTimerCount()]).toEqual([attempts, 0]);
  });

  it("reports each new reason once, without a request", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reported: string[] = [];
    const issuer = testIssuer({
      store: closedStore("away", "away", "full", "full", "away"),
      onError: (error) => reported.push((error as Error).message),
    });
    await expect(issuer.ready).rejects.toThrow("away");
    await vi.advanceTimersByTimeAsync(6_000);
    expect(reported).toEqual(["full", "away"]);
    await expect(issuer.ready).rejects.toThrow("away");
    await issuer.close();
  });
});
