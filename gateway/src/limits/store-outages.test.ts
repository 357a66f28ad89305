/** A rate-limit store behind a network that fails: at the start, later, and again and again. */
import { afterAll, describe, expect, it } from "vitest";
import {
  installedPostgres,
  startDatabase,
  startPostgresRelay,
  type Database,
} from "@breezeway/test-support/postgres";
import { redisServer, startRedis, type Redis } from "@breezeway/test-support/redis";
import { startRelay, type Relay } from "@breezeway/test-support/relay";
import { startGateway, type TestGateway } from "../../test-support/start.ts";
import type { RateLimitStore } from "./rate-limit-store.ts";

interface Place extends AsyncDisposable {
  readonly store: RateLimitStore;
  readonly relay: Relay;
}

/** Long enough for an answer on a busy machine, short enough for a table of outages. */
const TIMEOUT_MS = 400;

const limits = { timeoutMs: TIMEOUT_MS, whenDown: "refuse" } as const;

/** One server for all tests; each has its own relay. */
const servers = new AsyncDisposableStack();
let redis: Promise<Redis> | undefined;
let database: Promise<Database> | undefined;
afterAll(() => servers.disposeAsync());

async function redisPlace(): Promise<Place> {
  redis ??= startRedis().then((started) => servers.use(started));
  const relay = await startRelay(Number(new URL((await redis).url).port));
  const url = `redis://127.0.0.1:${relay.port}`;
  const dispose = () => relay[Symbol.asyncDispose]();
  return { store: { kind: "redis", url, ...limits }, relay, [Symbol.asyncDispose]: dispose };
}

async function postgresPlace(): Promise<Place> {
  database ??= startDatabase().then((started) => servers.use(started));
  const relay = await startPostgresRelay((await database).url);
  const url = relay.connectionString;
  const dispose = () => relay[Symbol.asyncDispose]();
  return { store: { kind: "postgres", url, ...limits }, relay, [Symbol.asyncDispose]: dispose };
}

const start = (store: RateLimitStore): Promise<TestGateway> =>
  startGateway({
    route: { rateLimit: { requests: 1_000_000, windowSeconds: 60 } },
    gateway: { rateLimitStore: store },
  });

const statusOf = async (gateway: TestGateway): Promise<number> =>
  (await gateway.request("/orders")).status;

/** Counts together again, at the first request and at several at once. */
async function expectRecovery(gateway: TestGateway): Promise<void> {
  await expect.poll(() => statusOf(gateway), { timeout: 15_000 }).toBe(200);
  await expect
    .poll(() => Promise.all(Array.from({ length: 8 }, () => statusOf(gateway))), {
      timeout: 15_000,
    })
    .toEqual(Array.from({ length: 8 }, () => 200));
}

describe.each<[string, string | undefined, () => Promise<Place>]>([
  ["Redis", redisServer, redisPlace],
  ["Postgres", installedPostgres, postgresPlace],
])("rate limits in %s", (_name, program, place) => {
  // A frozen connection is what a machine that vanishes leaves behind: no answer and no end.
  describe.runIf(program).each(["cut", "freeze"] as const)(
    "behind a network that does %s",
    (fault) => {
      it("refuse from the start on, and count once the store is back", async () => {
        await using at = await place();
        at.relay[fault]();
        await using gateway = await start(at.store);
        for (let asked = 0; asked < 5; asked += 1) expect(await statusOf(gateway)).toBe(503);
        at.relay.restore();
        await expectRecovery(gateway);
      });

      it("refuse while the store is away later, and count each time it is back", async () => {
        await using at = await place();
        await using gateway = await start(at.store);
        await expectRecovery(gateway);
        for (let outage = 0; outage < 2; outage += 1) {
          at.relay[fault]();
          const refused = await Promise.all(Array.from({ length: 8 }, () => statusOf(gateway)));
          expect(refused).toEqual(Array.from({ length: 8 }, () => 503));
          at.relay.restore();
          await expectRecovery(gateway);
        }
      });
    },
  );
});
