import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { readManifests } from "@breezeway/issuer/node";
import { createSessionVerifier } from "@breezeway/verify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp, hashPassword } from "./app.ts";

const ISSUER = "http://localhost:3000/auth";

let issuer: Issuer;
let base: string;
let close: () => Promise<unknown>;

beforeEach(async () => {
  issuer = createIssuer({
    issuer: ISSUER,
    apps: readManifests(fileURLToPath(new URL("apps", import.meta.url))),
    store: sqliteStore({ file: ":memory:" }),
  });
  const account = {
    userId: "alice",
    salt: "salt",
    passwordHash: hashPassword("wonderland", "salt"),
    tenants: { acme: { scopes: ["orders:read"] } },
  };
  const server = createApp(issuer, new Map([["alice", account]])).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.close();
    return once(server, "close");
  };
});

afterEach(async () => {
  await issuer.close();
  await close();
});

function send(path: string, body: unknown, cookie = ""): Promise<Response> {
  return fetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-breezeway-request": "1", cookie },
    body: JSON.stringify(body),
  });
}

test("the app's own sign-in opens a session, and the session gives tokens", async () => {
  const signedIn = await send("/sign-in", { name: "alice", password: "wonderland" });
  expect(await signedIn.json()).toEqual({ userId: "alice", tenantId: "acme" });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const hello = await fetch(`${base}/hello`, { headers: { cookie } });
  expect(await hello.text()).toBe("hello alice");
  const minted = await send("/auth/session/token", { appId: "orders" }, cookie);
  const { token } = (await minted.json()) as { token: string };
  const verifier = createSessionVerifier({
    issuer: ISSUER,
    audience: "orders",
    jwks: `${base}/auth/.well-known/jwks.json`,
  });
  expect(await verifier.verify(token)).toMatchObject({ userId: "alice", tenantId: "acme" });
});

test("the app's own sign-out ends the session and the cookie of its login together", async () => {
  const signedIn = await send("/sign-in", { name: "alice", password: "wonderland" });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const forged = await fetch(`${base}/sign-out`, { method: "POST", headers: { cookie } });
  expect(forged.status).toBe(403);
  expect((await fetch(`${base}/hello`, { headers: { cookie } })).status).toBe(200);

  const signedOut = await send("/sign-out", {}, `${cookie}; remember-me=1`);
  expect(signedOut.status).toBe(204);
  expect(signedOut.headers.getSetCookie()[0]).toMatch(/^remember-me=;.*1970/u);
  expect((await fetch(`${base}/hello`, { headers: { cookie } })).status).toBe(401);
  const minted = await send("/auth/session/token", { appId: "orders" }, cookie);
  expect(minted.status).toBe(401);
  expect((await send("/sign-out", {}, cookie)).status).toBe(204);
});

test("no session without the password, or from a form of another site", async () => {
  const wrong = await send("/sign-in", { name: "alice", password: "looking-glass" });
  expect(wrong.status).toBe(401);
  expect(wrong.headers.getSetCookie()).toEqual([]);
  const forged = await fetch(`${base}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"alice","password":"wonderland"}',
  });
  expect(forged.status).toBe(403);
  expect((await fetch(`${base}/hello`)).status).toBe(401);
});
