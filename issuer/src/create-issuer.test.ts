import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  jwtVerify,
  type JSONWebKeySet,
} from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ISSUER_URL, MANIFESTS } from "@breezeway/test-support/issuer-fixture";
import { sqliteStore, type Issuer } from "./index.ts";
import { serveIssuer } from "./node.ts";
import { call, cookieOf, reasonOf, signIn, testIssuer } from "../test-support/test-issuer.ts";

let folder: string;
let issuer: Issuer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "issuer-"));
  issuer = testIssuer();
});

afterEach(async () => {
  await issuer.close();
  rmSync(folder, { recursive: true });
});

async function mint(cookie: string | undefined, appId = "orders"): Promise<Response> {
  return call(issuer, "/session/token", { method: "POST", body: { appId }, cookie });
}

describe("the main path", () => {
  it("signs in, returns the session, mints a token, signs out", async () => {
    const cookie = await signIn(issuer);
    const session = await call(issuer, "/session", { cookie });
    expect(await session.json()).toMatchObject({
      userId: "alice",
      tenantId: "acme",
      tenants: ["acme", "globex"],
      scopes: ["orders:read", "orders:write"],
    });
    expect((await mint(cookie)).status).toBe(200);
    const out = await call(issuer, "/session", { method: "DELETE", cookie });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toContain("Max-Age=0");
    expect(await reasonOf(await call(issuer, "/session", { cookie }))).toBe("401 session-revoked");
    expect(await reasonOf(await mint(cookie))).toBe("401 session-revoked");
  });

  it.each([
    ["is itself", (answer: Response) => answer],
    ["is cloned", (answer: Response) => answer.clone()],
    ["is copied by a framework", (answer: Response) => new Response(answer.body, answer)],
    [
      "gets a header of the framework",
      (answer: Response) => {
        answer.headers.append("vary", "accept");
        return answer;
      },
    ],
  ])("answers with a Response that stays complete when it %s", async (_how, use) => {
    const cookie = await signIn(issuer);
    const answer = await issuer.fetch(
      new Request(`${ISSUER_URL}/session`, { headers: { cookie } }),
    );
    // An import of `@hono/node-server` replaces the global `Response`.
    const { constructor: RuntimeResponse } = await fetch("data:,");
    expect(answer).toBeInstanceOf(RuntimeResponse);
    const used = use(answer);
    expect(used).toMatchObject({ ok: true, status: 200 });
    expect(used.headers.get("cache-control")).toBe("no-store");
    expect(used.headers.get("content-type")).toBe("application/json");
    expect(used.headers.get("x-request-id")).toMatch(/^.{36}$/u);
    expect(await used.json()).toMatchObject({ userId: "alice" });
  });

  it("mints a token with exactly the documented header and claims", async () => {
    const cookie = await signIn(issuer);
    const { token, expiresAt } = (await (await mint(cookie)).json()) as {
      token: string;
      expiresAt: number;
    };
    const jwks = (await (await call(issuer, "/.well-known/jwks.json")).json()) as JSONWebKeySet;
    expect(decodeProtectedHeader(token)).toEqual({
      alg: "EdDSA",
      typ: "JWT",
      kid: jwks.keys[0]?.kid,
    });
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      issuer: ISSUER_URL,
      audience: "orders",
    });
    expect(Object.keys(payload).sort()).toEqual([
      "aud",
      "azp",
      "exp",
      "iat",
      "iss",
      "jti",
      "nbf",
      "rev",
      "scope",
      "sid",
      "sub",
      "tenantId",
      "userId",
    ]);
    expect(payload).toMatchObject({
      iss: ISSUER_URL,
      aud: "orders",
      azp: "http://127.0.0.1:4010",
      sub: "alice",
      userId: "alice",
      tenantId: "acme",
      scope: "orders:read orders:write",
      exp: expiresAt,
    });
    expect(payload.nbf).toBe(payload.iat);
    expect(expiresAt - payload.iat!).toBeGreaterThanOrEqual(54);
    expect(expiresAt - payload.iat!).toBeLessThanOrEqual(60);
  });

  it("keeps sessions and keys over a restart, in a file with mode 0600", async () => {
    const file = join(folder, "sub", "issuer.sqlite");
    const first = testIssuer({ store: sqliteStore({ file }) });
    const cookie = await signIn(first);
    const keys = await (await call(first, "/.well-known/jwks.json")).text();
    await first.close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = testIssuer({ store: sqliteStore({ file }) });
    expect((await call(second, "/session", { cookie })).status).toBe(200);
    expect(await (await call(second, "/.well-known/jwks.json")).text()).toBe(keys);
    await second.close();
  });

  it("answers over a socket", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    const login = await fetch(`${server.url}/auth/login/dev`, {
      method: "POST",
      headers: { "x-breezeway-request": "1", "content-type": "application/json" },
      body: JSON.stringify({ userId: "bob", tenantId: "acme" }),
    });
    expect(login.status).toBe(200);
    const cookie = cookieOf(login);
    const session = await fetch(`${server.url}/auth/session`, { headers: { cookie } });
    expect(session.headers.get("cache-control")).toBe("no-store");
    expect(await session.json()).toMatchObject({ userId: "bob" });
    expect(await (await fetch(`${server.url}/auth/health`)).json()).toMatchObject({ ready: true });
    await server.close();
  });
});

describe("a token that is bound to a key", () => {
  const proofKeyThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

  const ask = async (from: Issuer, body: object): Promise<Response> =>
    call(from, "/session/token", { method: "POST", body, cookie: await signIn(from) });

  const claimsOf = async (response: Response): Promise<Record<string, unknown>> =>
    decodeJwt(((await response.json()) as { token: string }).token);

  it("names the key that the host requested, and no other token does", async () => {
    const bound = await ask(issuer, { appId: "orders", proofKeyThumbprint });
    expect((await claimsOf(bound))["cnf"]).toEqual({ jkt: proofKeyThumbprint });
    const plain = await ask(issuer, { appId: "orders" });
    expect(await claimsOf(plain)).not.toHaveProperty("cnf");
  });

  it.each([
    ["a thumbprint that is too short", { proofKeyThumbprint: "abc" }],
    ["a thumbprint in another spelling", { proofKeyThumbprint: `${"x".repeat(42)}B` }],
    ["a thumbprint that is not a string", { proofKeyThumbprint: null }],
    ["a whole key in place of a thumbprint", { proofKey: { kty: "EC" } }],
  ])("is not made for %s", async (_, more) => {
    expect(await reasonOf(await ask(issuer, { appId: "orders", ...more }))).toBe(
      "400 request-malformed",
    );
  });

  it("is the only kind for an app with proofRequired, whoever requests it", async () => {
    const apps = MANIFESTS.map((app) => ({ ...app, proofRequired: true }));
    const strict = testIssuer({ apps });
    expect(await reasonOf(await ask(strict, { appId: "orders" }))).toBe("403 app-not-allowed");
    expect((await ask(strict, { appId: "orders", proofKeyThumbprint })).status).toBe(200);
    const { session } = await strict.sessions.create({ userId: "alice", tenantId: "acme" });
    await expect(strict.sessions.mintToken(session.handle, "orders")).rejects.toMatchObject({
      code: "APP_NOT_ALLOWED",
    });
    await strict.close();
  });

  it("cannot be named by a claims hook", async () => {
    const hooked = testIssuer({ claims: () => ({ cnf: { jkt: proofKeyThumbprint } }) });
    expect(await reasonOf(await ask(hooked, { appId: "orders" }))).toBe("500 internal-error");
    await hooked.close();
  });
});
