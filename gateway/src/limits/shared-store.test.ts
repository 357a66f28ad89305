/** Rate limits in Redis and Postgres: shared counts, and a store that is down or hangs. */
import { describe, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { startIssuer } from "@breezeway/test-support/issuer";
import { createProver, PUBLIC_URL } from "@breezeway/test-support/prover";
import { installedPostgres, startDatabase } from "@breezeway/test-support/postgres";
import { redisServer, startRedis } from "@breezeway/test-support/redis";
import { createSigner } from "@breezeway/test-support/signer";
import { startGateway, type TestGateway } from "../../test-support/start.ts";
import { createStoreGuard } from "./store-guard.ts";
import type { RateLimitStore } from "./rate-limit-store.ts";

/** For a store that is up: its answers may be late on a busy machine. */
const PATIENT_MS = 10_000;

const start = (store: RateLimitStore): Promise<TestGateway> =>
  startGateway({
    route: { rateLimit: { requests: 2, windowSeconds: 60 } },
    gateway: { rateLimitStore: store },
  });

async function statuses(...gateways: TestGateway[]): Promise<number[]> {
  const result: number[] = [];
  for (const gateway of gateways) result.push((await gateway.request("/orders")).status);
  return result;
}

async function twoGateways(store: RateLimitStore): Promise<number[]> {
  await using one = await start(store);
  await using two = await start(store);
  return await statuses(one, two, one, two);
}

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(new RegExp(`^breezeway_gateway_${name} (.*)$`, "m").exec(text)?.[1]);
}

describe.runIf(redisServer)("rate limits in Redis", () => {
  it("are shared, and counted per gateway when Redis is gone", async () => {
    await using redis = await startRedis();
    const store = { kind: "redis", client: redis.client, timeoutMs: PATIENT_MS } as const;
    expect(await twoGateways(store)).toEqual([200, 200, 429, 429]);
    await redis.server.stop("SIGKILL");
    expect(await twoGateways(store)).toEqual([200, 200, 200, 200]);
  });

  it("are shared by URL, also after its connections were cut", async () => {
    await using redis = await startRedis();
    const store = { kind: "redis", url: redis.url, timeoutMs: 5_000, whenDown: "refuse" } as const;
    expect(await twoGateways(store)).toEqual([200, 200, 429, 429]);
    // The gateways have closed their connections.
    const clients = async (): Promise<string> =>
      String(await redis.client.sendCommand(["CLIENT", "LIST"]));
    while ((await clients()).trim().split("\n").length > 1);
    await redis.client.flushAll();
    await using one = await start(store);
    await using two = await start(store);
    expect(await statuses(one, two)).toEqual([200, 200]);
    // The observing client keeps its connection.
    await redis.client.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    for (const gateway of [one, two]) {
      let [status] = await statuses(gateway);
      while (status === 503) [status] = await statuses(gateway);
      expect(status).toBe(429);
    }
  });

  it("are counted per gateway until Redis first answers, and together afterwards", async () => {
    const port = await freePort();
    const store = { kind: "redis", url: `redis://127.0.0.1:${port}`, timeoutMs: 500 } as const;
    await using one = await start(store);
    await using two = await start({ ...store, whenDown: "refuse" });
    await using closedEarly = await start(store);
    expect(await statuses(one, one, one, two)).toEqual([200, 200, 429, 503]);
    expect(await statuses(closedEarly)).toEqual([200]);
    await closedEarly.server.close();
    await using redis = await startRedis(port);
    while ((await metric(one, "rate_limit_store_up")) === 0) await one.request("/orders");
    while ((await statuses(two))[0] === 503);
    await redis.client.flushAll();
    expect(await statuses(one, two, one)).toEqual([200, 200, 429]);
  });

  it("refuse while the password is wrong, and count once it is corrected in Redis", async () => {
    await using redis = await startRedis();
    const password = (text: string): Promise<unknown> =>
      redis.client.sendCommand(["CONFIG", "SET", "requirepass", text]);
    await password("another");
    const url = redis.url.replace("//", "//:secret@");
    const store = { kind: "redis", url, timeoutMs: 5_000, whenDown: "refuse" } as const;
    await using gateway = await start(store);
    expect(await statuses(gateway)).toEqual([503]);
    await password("secret");
    let [status] = await statuses(gateway);
    while (status === 503) [status] = await statuses(gateway);
    expect(status).toBe(200);
  });

  it("accept a proof once, at any gateway", async () => {
    await using redis = await startRedis();
    const store = { kind: "redis", url: redis.url } as const;
    const tokens = createSigner();
    const startOne = (whenDown: "count-alone" | "refuse"): Promise<TestGateway> =>
      startGateway({
        tokens,
        gateway: {
          proof: { publicUrls: PUBLIC_URL },
          rateLimitStore: { ...store, whenDown, timeoutMs: 1_000 },
        },
      });
    await using one = await startOne("count-alone");
    await using two = await startOne("count-alone");
    await using three = await startOne("refuse");
    const prover = createProver();
    const copied = prover.headers(tokens.token(prover.bound), "/orders");
    const send = async (gateway: TestGateway, headers: HeadersInit): Promise<number> =>
      (await gateway.request("/orders", { headers })).status;
    expect(await send(one, copied)).toBe(200);
    for (const gateway of [two, three, one]) expect(await send(gateway, copied)).toBe(401);
    expect(one.upstream.requests.length + two.upstream.requests.length).toBe(1);
    const authz = await two.request("/authz/orders", { headers: copied });
    expect(authz.headers.get("x-breezeway-error")).toBe("proof-invalid");

    await redis.server.stop("SIGKILL");
    const next = prover.headers(tokens.token(prover.bound), "/orders");
    expect(await send(one, next)).toBe(200);
    expect(await send(one, next)).toBe(401);
    expect(await send(two, next)).toBe(200);
    expect(await send(three, next)).toBe(503);
  });

  it("are counted per gateway while Redis hangs, and together when it is back", async () => {
    await using redis = await startRedis();
    await using gateway = await start({ kind: "redis", client: redis.client, timeoutMs: 1_000 });
    expect(await statuses(gateway)).toEqual([200]);
    expect(await metric(gateway, "rate_limit_store_up")).toBe(1);
    redis.server.child.kill("SIGSTOP");
    expect(await statuses(gateway, gateway, gateway)).toEqual([200, 200, 429]);
    expect(await metric(gateway, "rate_limit_store_up")).toBe(0);
    expect(await metric(gateway, "rate_limit_store_failures_total")).toBe(3);
    redis.server.child.kill("SIGCONT");
    while ((await metric(gateway, "rate_limit_store_up")) === 0) await gateway.request("/orders");
    // Requests that arrived while it hung are counted too.
    expect(await statuses(gateway)).toEqual([429]);
  });

  it("refuse a session whose key was removed while the store hung", async () => {
    await using redis = await startRedis();
    const tokens = createSigner();
    await using issuer = await startIssuer(tokens);
    const verified = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      tokens,
      route: { rateLimit: { requests: 9, windowSeconds: 60 } },
      routes: [{ prefix: "/free" }],
      gateway: {
        issuer: issuer.url,
        revocations: {},
        rateLimitStore: { kind: "redis", client: redis.client, timeoutMs: PATIENT_MS },
        isRevoked: () => (verified.resolve(), false),
      },
    });
    const authorization = `Bearer ${tokens.token({ iss: issuer.url })}`;
    redis.server.child.kill("SIGSTOP");
    const waiting = gateway.request("/orders", { headers: { authorization } });
    await verified.promise;
    issuer.revoke({ kind: "key", id: "key-1" });
    while ((await gateway.request("/free", { headers: { authorization } })).status === 200);
    redis.server.child.kill("SIGCONT");
    expect((await waiting).status).toBe(401);
    expect(gateway.upstream.requests.map(({ url }) => url)).not.toContain("/orders");
  });

  it("refuse while it hangs, if whenDown is refuse", async () => {
    await using redis = await startRedis();
    const client = redis.client;
    await using gateway = await start({
      kind: "redis",
      client,
      timeoutMs: 100,
      whenDown: "refuse",
    });
    redis.server.child.kill("SIGSTOP");
    const refused = await gateway.request("/orders");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ reason: "store-unavailable", action: "wait" });
    expect(gateway.upstream.requests).toEqual([]);
    redis.server.child.kill("SIGCONT");
    while ((await statuses(gateway))[0] === 503);
    expect(await metric(gateway, "rate_limit_store_up")).toBe(1);
  });
});

describe.runIf(installedPostgres)("rate limits in Postgres", () => {
  it("are shared by URL, also for users with long names", async () => {
    await using database = await startDatabase();
    const store = { kind: "postgres", url: database.url, timeoutMs: 5_000 } as const;
    await using one = await start(store);
    await using two = await start(store);
    const send = async (gateway: TestGateway, userId: string): Promise<number> => {
      const token = one.tokens.token({ sub: userId, userId });
      const headers = { authorization: `Bearer ${token}` };
      return (await gateway.request("/orders", { headers })).status;
    };
    for (const userId of ["bob", "l".repeat(256), "\0", "'; DROP TABLE x; --"]) {
      expect(await send(one, userId)).toBe(200);
      expect(await send(one, userId)).toBe(200);
      expect(await send(one, userId)).toBe(429);
    }
    expect(await send(one, `${"l".repeat(255)}m`)).toBe(200);
    expect(await metric(one, "rate_limit_store_failures_total")).toBe(0);
    expect(await metric(two, "rate_limit_store_up")).toBe(1);
  });

  it("accept a proof once, with any characters in its id", async () => {
    await using database = await startDatabase();
    const tokens = createSigner();
    const gateway = {
      proof: { publicUrls: PUBLIC_URL },
      rateLimitStore: { kind: "postgres", url: database.url, timeoutMs: PATIENT_MS },
    } as const;
    await using one = await startGateway({ tokens, gateway });
    await using two = await startGateway({ tokens, gateway });
    const prover = createProver();
    for (const jti of ["\0", "a\0b", "\ud800", "\u00e9", "😀".repeat(64), "'; --", " "]) {
      const headers = prover.headers(tokens.token(prover.bound), "/orders", { jti });
      expect((await one.request("/orders", { headers })).status).toBe(200);
      expect((await two.request("/orders", { headers })).status).toBe(401);
    }
    for (const gateway of [one, two]) {
      expect(await metric(gateway, "rate_limit_store_failures_total")).toBe(0);
    }
  });

  it("are shared, and counted per gateway while the table is locked", async () => {
    await using database = await startDatabase();
    const store = { kind: "postgres", client: database.pool, timeoutMs: 200 } as const;
    expect(await twoGateways({ ...store, timeoutMs: PATIENT_MS })).toEqual([200, 200, 429, 429]);
    await using gateway = await start(store);
    const locking = await database.pool.connect();
    await locking.query("BEGIN");
    await locking.query("LOCK TABLE breezeway_rate_limits IN ACCESS EXCLUSIVE MODE");
    expect(await statuses(gateway, gateway, gateway)).toEqual([200, 200, 429]);
    expect(await metric(gateway, "rate_limit_store_up")).toBe(0);
    await locking.query("ROLLBACK");
    locking.release();
    while ((await metric(gateway, "rate_limit_store_up")) === 0) await gateway.request("/orders");
  });

  it("do not delay the close of a gateway when Postgres hangs", async () => {
    await using database = await startDatabase();
    const store = { kind: "postgres", url: database.url, timeoutMs: PATIENT_MS } as const;
    await using gateway = await start(store);
    expect(await statuses(gateway)).toEqual([200]);
    const locking = await database.pool.connect();
    await locking.query("BEGIN");
    await locking.query("LOCK TABLE breezeway_rate_limits IN ACCESS EXCLUSIVE MODE");
    const waiting = gateway.request("/orders").catch(() => undefined);
    const atServer = async (): Promise<number | null> => {
      const found = await database.pool.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'breezeway-gateway' AND wait_event_type = 'Lock'",
      );
      return found.rowCount;
    };
    await expect.poll(atServer).toBe(1);
    await gateway.server.close();
    // The server still waits for the lock on the gateway's behalf.
    expect(await atServer()).toBe(1);
    await waiting;
    await locking.query("ROLLBACK");
    locking.release();
  });
});

it("calls a store that hangs only once per second", async () => {
  let asked = 0;
  const errors: unknown[] = [];
  const guard = createStoreGuard({ timeoutMs: 10, onFailed: (error) => errors.push(error) });
  const ask = (): Promise<never> => {
    asked += 1;
    return new Promise(() => {});
  };
  for (let count = 0; count < 20; count += 1) expect(await guard.attempt(ask)).toBeUndefined();
  expect(asked).toBe(3);
  expect(errors).toHaveLength(3);
  expect(guard.isUp).toBe(false);
});

it.each([0, 9, 10_001, Number.NaN])("refuses a time limit of %s", async (timeoutMs) => {
  const store = { kind: "redis", client: {}, timeoutMs } as const;
  await expect(start(store)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

it.each<[string, object]>([
  ["rateLimitStore.kind: must be redis or postgres", { kind: "memcached" }],
  [
    "rateLimitStore.url: must be a URL that starts",
    { kind: "redis", url: "postgres://u:secret@h" },
  ],
  ["rateLimitStore.url: must be a URL that starts", { kind: "postgres", url: "secret" }],
  ["rateLimitStore.url: must have its password", { kind: "redis", url: "redis://:%secret@h" }],
  ["rateLimitStore.url: must have its password", { kind: "redis", url: "redis://%secret@h" }],
  [
    "rateLimitStore.url: must have its password",
    { kind: "postgres", url: "postgres://u:%secret@h" },
  ],
  [
    "rateLimitStore.url: must end with a database number",
    { kind: "redis", url: "redis://h/secret" },
  ],
  ["rateLimitStore: must have either a client or a url", { kind: "redis" }],
  [
    "rateLimitStore: must have either a client or a url",
    { kind: "redis", client: {}, url: "redis://secret" },
  ],
  ["rateLimitStore.tableName: must be", { kind: "postgres", client: {}, tableName: 'x"; --' }],
  ["rateLimitStore.whenDown: must be", { kind: "redis", client: {}, whenDown: "panic" }],
  ['unknown field "urls"', { kind: "redis", client: {}, urls: [] }],
])("refuses an invalid store without quoting its password: %s", async (message, store) => {
  const starting = startGateway({ gateway: { rateLimitStore: store as RateLimitStore } });
  await expect(starting).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message) as string,
  });
  await expect(starting).rejects.not.toThrow("secret");
});
