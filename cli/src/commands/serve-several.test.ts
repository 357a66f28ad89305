import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSessionToken } from "@breezeway/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type PostgresServer } from "@breezeway/test-support/postgres";
import {
  createServePlace,
  ORDERS,
  send,
  signIn,
  tokenFor,
  type ServePlace,
} from "../../test-support/serve-place.ts";
import { startServeProcess, type ServeProcess } from "../../test-support/serve-process.ts";

const LESSER = { ...ORDERS, scopes: ["orders:write"] };
const POST = { "x-breezeway-request": "1" };
// The first start may have to download Postgres.
const START_TIMEOUT_MS = 300_000;

let postgres: PostgresServer;
let place: ServePlace;
let a: ServeProcess;
let b: ServeProcess;

beforeAll(async () => {
  postgres = await startPostgres();
  place = await createServePlace();
  const { config } = place;
  writeFileSync(join(place.folder, "orders.json"), JSON.stringify(ORDERS));
  const store = { kind: "postgres", url: { env: "DATABASE_URL" }, maxConnections: 4 };
  const keys = { encryptionSecret: { env: "KEY_SECRET" } };
  const [route] = (config.gateway as { readonly routes: readonly object[] }).routes;
  place.write({
    ...config,
    apps: ["orders.json"],
    issuer: { ...config.issuer, store, keys },
    gateway: {
      ...config.gateway,
      routes: [
        route,
        { ...route, prefix: "/limited", rateLimit: { requests: 1, windowSeconds: 3_600 } },
      ],
    },
  });
  const env = {
    DATABASE_URL: await postgres.createDatabase(),
    KEY_SECRET: "a secret of both processes",
  };
  // Both start at once on an empty database, and must not disturb each other.
  [a, b] = await Promise.all([
    startServeProcess(place.file, { env }),
    startServeProcess(place.file, { env }),
  ]);
}, START_TIMEOUT_MS);

afterAll(async () => {
  await Promise.all([a, b].map((each) => each[Symbol.asyncDispose]()));
  await place[Symbol.asyncDispose]();
  await postgres.close();
});

const statusAt = async (server: ServeProcess, token: string, path = "/orders"): Promise<number> => {
  const answer = await send(`${server.url["gateway"]}${path}`, token);
  await answer.arrayBuffer();
  return answer.status;
};

const issuerOf = (server: ServeProcess): string => server.url["issuer"] ?? "";

async function scopeAt(server: ServeProcess, cookie: string): Promise<unknown> {
  const token = (await tokenFor(issuerOf(server), cookie)) ?? "";
  return decodeSessionToken(token).claims["scope"];
}

async function kidsAt(server: ServeProcess): Promise<readonly string[]> {
  const answer = await fetch(`${issuerOf(server)}/auth/.well-known/jwks.json`);
  const { keys } = (await answer.json()) as { readonly keys: readonly { readonly kid: string }[] };
  return keys.map(({ kid }) => kid);
}

describe("two processes of breezeway serve on one Postgres", () => {
  it("agree on one key although both started without keys", async () => {
    expect(await kidsAt(a)).toHaveLength(1);
    expect(await kidsAt(b)).toEqual(await kidsAt(a));
  });

  it("mint tokens from each other's sessions, and accept them at both gateways", async () => {
    const cookie = await signIn(issuerOf(a));
    const token = (await tokenFor(issuerOf(b), cookie)) ?? "";
    expect(await statusAt(a, token)).toBe(200);
    expect(await statusAt(b, token)).toBe(200);
  });

  it("refuse a session at one process after its sign-out at the other", async () => {
    const cookie = await signIn(issuerOf(a));
    const token = (await tokenFor(issuerOf(b), cookie)) ?? "";
    expect(await statusAt(b, token)).toBe(200);
    const ended = await fetch(`${issuerOf(a)}/auth/session`, {
      method: "DELETE",
      headers: { ...POST, cookie },
    });
    expect(ended.status).toBe(204);
    // The documentation promises at most 5 seconds.
    await expect.poll(() => statusAt(b, token)).toBe(401);
    await expect.poll(() => tokenFor(issuerOf(b), cookie)).toBeUndefined();
  });

  it("count rate limits separately", async () => {
    const token = (await tokenFor(issuerOf(a), await signIn(issuerOf(a)))) ?? "";
    expect(await statusAt(a, token, "/limited")).toBe(200);
    expect(await statusAt(a, token, "/limited")).toBe(429);
    expect(await statusAt(b, token, "/limited")).toBe(200);
  });

  it("both refuse a token after one of them reloads an app that lost a scope", async () => {
    const cookie = await signIn(issuerOf(a));
    const token = (await tokenFor(issuerOf(a), cookie)) ?? "";
    expect(await statusAt(b, token)).toBe(200);
    // Manifest files are not watched: a process that gets no signal keeps the old manifest.
    writeFileSync(join(place.folder, "orders.json"), JSON.stringify(LESSER));
    a.kill("SIGHUP");
    await a.nextLine("reloaded");
    await expect.poll(() => statusAt(b, token)).toBe(401);
    await expect.poll(() => scopeAt(a, cookie)).toBe("orders:write");
    expect(await scopeAt(b, cookie)).toBe("orders:read orders:write");
    b.kill("SIGHUP");
    await b.nextLine("reloaded");
    expect(await scopeAt(b, cookie)).toBe("orders:write");
  });

  it("leave one process working when the other ends", async () => {
    const cookie = await signIn(issuerOf(a));
    a.kill("SIGTERM");
    expect(await a.exited).toEqual([0, null]);
    const token = (await tokenFor(issuerOf(b), cookie)) ?? "";
    expect(await statusAt(b, token)).toBe(200);
  });
});
