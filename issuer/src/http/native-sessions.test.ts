/** Sessions of programs without a browser: the header `X-Breezeway-Session` instead of the cookie. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, reasonOf, signIn, testClock, testIssuer } from "../../test-support/test-issuer.ts";
import type { Issuer } from "../index.ts";

const HEADER = "x-breezeway-session";
const USER = { userId: "alice", tenantId: "acme" };
const clock = testClock();
let issuer: Issuer;

beforeEach(() => {
  issuer = testIssuer({ nativeSessions: true, clock });
});
afterEach(() => issuer.close());

const native = (path: string, method: string, secret: string, body?: unknown) =>
  call(issuer, path, { method, body, headers: { [HEADER]: secret } });

async function signInNatively(): Promise<string> {
  const response = await native("/login/dev", "POST", "new", USER);
  expect(response.status).toBe(200);
  expect(response.headers.getSetCookie()).toEqual([]);
  return response.headers.get(HEADER) ?? "";
}

describe("a program with nativeSessions on", () => {
  it("signs in, gets a token, switches the tenant and signs out without any cookie", async () => {
    const secret = await signInNatively();
    expect(secret).toMatch(/^[\w-]{64}$/);
    const token = await native("/session/token", "POST", secret, { appId: "orders" });
    expect(token.status).toBe(200);
    expect(token.headers.get(HEADER)).toBeNull();
    const switched = await native("/session/tenant", "POST", secret, { tenantId: "globex" });
    const next = switched.headers.get(HEADER) ?? "";
    expect(next).not.toBe(secret);
    expect(await (await native("/session", "GET", next)).json()).toMatchObject({
      tenantId: "globex",
    });
    const out = await native("/session", "DELETE", next);
    expect([out.status, out.headers.getSetCookie()]).toEqual([204, []]);
    expect(await reasonOf(await native("/session", "GET", next))).toBe("401 session-revoked");
  });

  it("rotates the secret, and loses the session when an old secret is used again", async () => {
    const first = await signInNatively();
    const second = (await native("/session/refresh", "POST", first)).headers.get(HEADER) ?? "";
    clock.advance(31_000);
    const reused = await native("/session/refresh", "POST", first);
    expect(await reasonOf(reused)).toBe("401 refresh-reused");
    expect(reused.headers.get(HEADER)).toBeNull();
    expect(await reasonOf(await native("/session", "GET", second))).toBe("401 session-revoked");
  });

  it("opens a session that the host's own server has created", async () => {
    const { secret, session } = await issuer.sessions.create({ ...USER, scopes: [] });
    expect(await (await native("/session", "GET", secret)).json()).toMatchObject({
      handle: session.handle,
    });
  });

  it("ends the session that it presents at the next sign-in", async () => {
    const first = await signInNatively();
    expect((await native("/login/dev", "POST", first, USER)).status).toBe(200);
    expect(await reasonOf(await native("/session", "GET", first))).toBe("401 session-revoked");
  });

  it.each([
    ["GET", "/session"],
    ["POST", "/session/token"],
    ["POST", "/session/refresh"],
    ["DELETE", "/session"],
    ["GET", "/session/events"],
  ])("is refused by %s %s when the request also has a cookie [SC-1]", async (method, path) => {
    const secret = await signInNatively();
    const cookie = await signIn(issuer);
    const body = path === "/session/token" ? { appId: "orders" } : undefined;
    const headers = { [HEADER]: secret };
    const response = await call(issuer, path, { method, body, cookie, headers });
    expect(await reasonOf(response)).toBe("400 duplicate-credentials");
  });

  it.each([
    { origin: "http://localhost:4000" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-dest": "empty" },
    { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" },
  ])("is refused when the request comes from a page: %j [SC-2]", async (page) => {
    const secret = await signInNatively();
    const headers = { [HEADER]: secret, ...(page as unknown as Record<string, string>) };
    const response = await call(issuer, "/session", { headers });
    expect(await reasonOf(response)).toBe("403 csrf-rejected");
    const signsIn = await call(issuer, "/login/dev", { method: "POST", body: USER, headers });
    expect(signsIn.headers.get(HEADER)).toBeNull();
    expect(signsIn.status).toBe(403);
  });

  it("may send Sec-Fetch-Mode alone, as Node's fetch does", async () => {
    const headers = { [HEADER]: await signInNatively(), "sec-fetch-mode": "cors" };
    expect((await call(issuer, "/session", { headers })).status).toBe(200);
  });

  it("needs X-Breezeway-Request for changes, as a page does", async () => {
    const headers = { [HEADER]: await signInNatively() };
    const request = new Request(`${issuer.url}/session/refresh`, { method: "POST", headers });
    expect(await reasonOf(await issuer.fetch(request))).toBe("403 csrf-rejected");
  });

  it("never gets a secret by header when the request used a cookie [SC-3]", async () => {
    const cookie = await signIn(issuer);
    const response = await call(issuer, "/session/refresh", { method: "POST", cookie });
    expect(response.headers.get(HEADER)).toBeNull();
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });
});

it("is refused by name while nativeSessions is off", async () => {
  await using closed = testIssuer({ clock });
  const { secret } = await closed.sessions.create({ ...USER, scopes: [] });
  const response = await call(closed, "/session", { headers: { [HEADER]: secret } });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("nativeSessions");
});
