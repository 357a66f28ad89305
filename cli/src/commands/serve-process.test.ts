import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { decodeSessionToken } from "@breezeway/shared";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createServePlace,
  ISSUER,
  ORDERS,
  send,
  signIn,
  tokenFor,
  type Config,
  type ServePlace,
} from "../../test-support/serve-place.ts";
import { startServeProcess, type ServeProcess } from "../../test-support/serve-process.ts";

/** Requests that the service has not answered, by path. */
const held = new Map<string, ServerResponse>();
/** Must not appear in the output. */
const secrets: string[] = [];
let place: ServePlace;
let server: ServeProcess;
let url: ServeProcess["url"];

function write(config: Config): void {
  const issuer = { ...config.issuer, hooks: "./hooks.mjs" };
  place.write({ ...config, issuer, shutdown: { drainDelayMs: 0, graceMs: 3_000 } });
}

beforeAll(async () => {
  place = await createServePlace((request, response) => {
    if (request.url?.includes("/held") === true) held.set(request.url, response);
    else response.end(JSON.stringify(request.headers));
  });
  // Like a connection pool, these hooks keep a handle open; they also send SIGHUP during the start.
  const hooks =
    'process.kill(process.pid, "SIGHUP"); setInterval(() => {}, 1_000); export const claims = () => ({ org_role: "admin" });';
  writeFileSync(join(place.folder, "hooks.mjs"), hooks);
  write(place.config);
  server = await startServeProcess(place.file);
  ({ url } = server);
  // The SIGHUP during the start asked for this reload.
  await server.nextLine("reloaded");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

async function newToken(): Promise<string> {
  const { issuer = "" } = url;
  const cookie = await signIn(issuer);
  const token = (await tokenFor(issuer, cookie)) ?? "";
  secrets.push(token.split(".")[2] ?? "none", cookie.split("=")[1] ?? "none");
  return token;
}

const statusOf = async (path: string, token: string): Promise<number> => {
  const answer = await send(`${url["gateway"]}${path}`, token);
  await answer.arrayBuffer();
  return answer.status;
};

describe("breezeway serve as a separate process", () => {
  it("logs the address of each part once it is ready", async () => {
    expect(Object.keys(url)).toEqual(["issuer", "gateway", "operations"]);
    const readiness = await fetch(`${url["operations"]}/health/ready`);
    expect(await readiness.json()).toMatchObject({ status: "ok", checks: { keys: "ok" } });
    expect(await (await fetch(`${url["issuer"]}/auth/health`)).json()).toMatchObject({
      ready: true,
    });
    const metrics = await (await fetch(`${url["operations"]}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_revocation_feed_live 1");
    expect((await fetch(`${url["gateway"]}/metrics`)).status).toBe(404);
  });

  it("signs in, mints a token with the hook's claims, and forwards a request with the user's identity", async () => {
    const token = await newToken();
    expect(decodeSessionToken(token).claims).toMatchObject({ iss: ISSUER, org_role: "admin" });
    const answer = await send(`${url["gateway"]}/orders`, token);
    expect(await answer.json()).toMatchObject({
      "x-breezeway-user": "alice",
      "x-breezeway-tenant": "acme",
      "x-breezeway-app": "orders",
    });
  });

  it("refuses a token at the gateway after another process on the same store has revoked it", async () => {
    const token = await newToken();
    expect(await statusOf("/orders", token)).toBe(200);
    const store = sqliteStore({ file: join(place.folder, "data/issuer.sqlite"), mustExist: true });
    await using beside = createIssuer({ issuer: ISSUER, apps: [ORDERS], store });
    await beside.sessions.revokeAllForUser("alice");
    await expect.poll(() => statusOf("/orders", token)).toBe(401);
  });

  it("keeps its configuration after SIGHUP with an invalid file, and logs the fault", async () => {
    const token = await newToken();
    const { config } = place;
    write({ ...config, gateway: { ...config.gateway, routes: [{ prefix: "orders" }] } });
    server.kill("SIGHUP");
    const { why } = await server.nextLine("reload-refused");
    expect(why).toContain(`${place.file}: gateway: routes[0].prefix: must be`);
    expect(await statusOf("/orders", token)).toBe(200);
  });

  it("logs each changed field that needs a restart, and applies no part of the changed file", async () => {
    const { config } = place;
    const routes = [{ prefix: "/bills", upstream: "http://127.0.0.1:1" }];
    write({
      ...config,
      issuer: { ...config.issuer, tokenTtlSeconds: 30 },
      gateway: { ...config.gateway, routes, limits: { circuitFailures: 9 } },
    });
    server.kill("SIGHUP");
    const { why } = await server.nextLine("reload-refused");
    expect(why).toContain("issuer.tokenTtlSeconds, gateway.limits: changing this needs a restart");
    expect(await statusOf("/bills", await newToken())).toBe(404);
  });

  it("applies a changed file without a signal, and revokes the tokens of an app that lost a scope", async () => {
    const token = await newToken();
    const { config } = place;
    const [route] = (config.gateway as { readonly routes: readonly object[] }).routes;
    const routes = [{ ...route, prefix: "/bills", scopes: ["orders:read"] }];
    const apps = [{ ...ORDERS, scopes: ["orders:read"] }];
    write({ ...config, gateway: { ...config.gateway, routes, removeHeaders: ["X-Acme-*"] }, apps });
    expect(await server.nextLine("reloaded")).toMatchObject({ apps: 1, routes: 1 });
    await expect.poll(() => statusOf("/bills", token)).toBe(401);
    // Revocation also covers tokens that are minted within the same second.
    await expect.poll(async () => statusOf("/bills", await newToken())).toBe(200);
    expect(await statusOf("/orders", token)).toBe(404);
    const headers = { authorization: `Bearer ${await newToken()}`, "x-acme-user": "mallory" };
    const passed = await fetch(`${url["gateway"]}/bills`, { headers });
    expect(await passed.json()).not.toHaveProperty("x-acme-user");
  });

  it("answers what finishes in time after SIGTERM, aborts other requests, and exits with 0", async () => {
    const token = await newToken();
    const answered = send(`${url["gateway"]}/bills/held/a`, token);
    const ended = send(`${url["gateway"]}/bills/held/b`, token).catch(() => "ended");
    await expect.poll(() => held.size).toBe(2);
    server.kill("SIGTERM");
    await server.nextLine("stopping");
    server.kill("SIGHUP");
    held.get("/bills/held/a")?.end("whole");
    expect(await (await answered).text()).toBe("whole");
    expect(await server.exited).toEqual([0, null]);
    expect(await ended).not.toMatchObject({ status: 200 });
    await server.nextLine("stopped");
    expect(secrets.filter((secret) => server.transcript().includes(secret))).toEqual([]);
  });
});
