import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import {
  call,
  reasonOf,
  signIn,
  testIssuer,
  type CallOptions,
} from "../../test-support/test-issuer.ts";
import { networkOf } from "./rate-limits.ts";

let issuer: Issuer;
let cookie: string;

beforeEach(async () => {
  issuer = testIssuer({ trustedOrigins: ["https://shell.example"] });
  cookie = await signIn(issuer);
});

afterEach(() => issuer.close());

const CHANGING: readonly (readonly [string, string, unknown])[] = [
  ["POST", "/session/token", { appId: "orders" }],
  ["POST", "/session/refresh", undefined],
  ["POST", "/session/tenant", { tenantId: "acme" }],
  ["POST", "/login/dev", { userId: "alice", tenantId: "acme" }],
  ["DELETE", "/session", undefined],
];

describe.each(CHANGING)("%s %s", (method, path, body) => {
  it.each<[string, Record<string, string>]>([
    ["[CSRF-1] no custom header", { "x-breezeway-request": "" }],
    ["[CSRF-1] another value of the custom header", { "x-breezeway-request": "true" }],
    ["[CSRF-2] another origin", { origin: "https://evil.example" }],
    ["[CSRF-2] the null origin of a sandboxed frame", { origin: "null" }],
    ["[CSRF-2] another port of this host", { origin: "http://localhost:4001" }],
    [
      "[CSRF-2] an origin that begins with this one",
      { origin: "http://localhost:4000.evil.example" },
    ],
    ["[CSRF-2] this origin in capitals", { origin: "HTTP://LOCALHOST:4000" }],
    ["[CSRF-3] another site", { "sec-fetch-site": "cross-site" }],
    ["[CSRF-3] the same site, another origin", { "sec-fetch-site": "same-site" }],
    ["[CSRF-3] an address typed by hand", { "sec-fetch-site": "none" }],
  ])("is refused with %s", async (_case, headers) => {
    const response = await call(issuer, path, { method, body, cookie, headers });
    expect(await reasonOf(response)).toBe("403 csrf-rejected");
    expect((await call(issuer, "/session", { cookie })).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    [
      "from a page of this origin",
      { origin: "http://localhost:4000", "sec-fetch-site": "same-origin" },
    ],
    ["from a trusted origin", { origin: "https://shell.example", "sec-fetch-site": "cross-site" }],
    ["from a program other than a browser", {}],
  ])("is served %s", async (_case, headers) => {
    const response = await call(issuer, path, { method, body, cookie, headers });
    expect(response.ok).toBe(true);
  });
});

describe("cross-origin reading", () => {
  const header = (response: Response, name: string): string | null =>
    response.headers.get(`access-control-allow-${name}`);

  it("is granted to trusted origins, exactly and with credentials", async () => {
    const headers = { origin: "https://shell.example" };
    const response = await call(issuer, "/session", { cookie, headers });
    expect(header(response, "origin")).toBe("https://shell.example");
    expect(header(response, "credentials")).toBe("true");
    expect(response.headers.get("vary")).toContain("Origin");
    const preflight = await call(issuer, "/session/token", { method: "OPTIONS", headers });
    expect(preflight.status).toBe(204);
    expect(header(preflight, "headers")).toContain("x-breezeway-request");
  });

  it.each(["https://evil.example", "null", "http://localhost:4001"])(
    "is refused to any other origin: %s",
    async (origin) => {
      for (const path of ["/session", "/session/token", "/session/events", "/revocations"]) {
        for (const method of ["GET", "OPTIONS"]) {
          const response = await call(issuer, path, { method, cookie, headers: { origin } });
          expect(header(response, "origin")).toBeNull();
          expect(header(response, "headers")).toBeNull();
          await response.body?.cancel();
        }
      }
    },
  );

  it("is open for the cacheable public keys and for nothing else", async () => {
    const response = await call(issuer, "/.well-known/jwks.json");
    expect(header(response, "origin")).toBe("*");
    expect(header(response, "credentials")).toBeNull();
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect(await response.text()).not.toMatch(/"d"/);
  });
});

describe("bad input", () => {
  const post = (path: string, body: unknown, more: CallOptions = {}): Promise<Response> =>
    call(issuer, path, { method: "POST", body, cookie, ...more });

  it.each<[string, unknown, string]>([
    ["text that is not JSON", "{", "400 request-malformed"],
    ["an empty body", "", "400 request-malformed"],
    ["an array", [], "400 request-malformed"],
    ["null", "null", "400 request-malformed"],
    ["a number as app", { appId: 7 }, "400 request-malformed"],
    ["an array as app", { appId: ["orders"] }, "400 request-malformed"],
    ["an unknown field", { appId: "orders", aud: "other" }, "400 request-malformed"],
    ["a list of apps", { appId: "orders inspector" }, "404 app-unknown"],
    ["an unknown app", { appId: "nope" }, "404 app-unknown"],
    ["the name of a prototype member as app", { appId: "__proto__" }, "404 app-unknown"],
    ["an app id that is too long", { appId: "a".repeat(257) }, "400 request-malformed"],
    ["a body that is too large", { appId: "a".repeat(20_000) }, "413 body-too-large"],
  ])("POST /session/token refuses %s", async (_case, body, reason) => {
    expect(await reasonOf(await post("/session/token", body))).toBe(reason);
  });

  it.each<[string, unknown, string]>([
    ["an unknown user", { userId: "mallory", tenantId: "acme" }, "404 user-unknown"],
    [
      "the name of a prototype member",
      { userId: "__proto__", tenantId: "acme" },
      "404 user-unknown",
    ],
    [
      "a tenant that the user does not belong to",
      { userId: "bob", tenantId: "globex" },
      "403 tenant-not-allowed",
    ],
    ["a missing tenant", { userId: "bob" }, "400 request-malformed"],
  ])("POST /login/dev refuses %s", async (_case, body, reason) => {
    expect(await reasonOf(await post("/login/dev", body))).toBe(reason);
  });

  it("counts the bytes of a body without a declared length", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(4_096).fill(32)),
    });
    const request = new Request(`${issuer.url}/session/token`, {
      method: "POST",
      headers: { "x-breezeway-request": "1", "content-type": "application/json", cookie },
      body,
      duplex: "half",
    } as RequestInit);
    expect(await reasonOf(await issuer.fetch(request))).toBe("413 body-too-large");
  });

  it("does not read a body whose declared length is too large", async () => {
    const request = new Request(`${issuer.url}/session/token`, {
      method: "POST",
      headers: {
        "x-breezeway-request": "1",
        "content-type": "application/json",
        "content-length": "999999",
        cookie,
      },
      // The body never arrives.
      body: new ReadableStream(),
      duplex: "half",
    } as RequestInit);
    expect(await reasonOf(await issuer.fetch(request))).toBe("413 body-too-large");
  });

  it("counts the bytes of a body that is longer than declared", async () => {
    const request = new Request(`${issuer.url}/session/token`, {
      method: "POST",
      headers: {
        "x-breezeway-request": "1",
        "content-type": "application/json",
        "content-length": "10",
        cookie,
      },
      body: JSON.stringify({ appId: "a".repeat(20_000) }),
    });
    expect(await reasonOf(await issuer.fetch(request))).toBe("413 body-too-large");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])(
    "refuses a body of type %s, which a form can send",
    async (type) => {
      const response = await post("/session/token", '{"appId":"orders"}', {
        headers: { "content-type": type },
      });
      expect(await reasonOf(response)).toBe("400 request-malformed");
    },
  );

  it("refuses headers that are too large", async () => {
    const headers = { "x-padding": "x".repeat(17_000) };
    expect(await reasonOf(await call(issuer, "/session", { headers }))).toBe(
      "431 headers-too-large",
    );
  });

  it.each([
    ["without a session cookie", undefined],
    ["with an empty cookie", "breezeway="],
    ["with a cookie that is too short", "breezeway=hello"],
    ["with a cookie in another alphabet", `breezeway=${"*".repeat(64)}`],
    ["with a cookie that was never issued", `breezeway=${"A".repeat(64)}`],
    ["with a cookie of another name", `Breezeway=${"A".repeat(64)}`],
  ])("answers 401 session-missing to a request %s", async (_case, value) => {
    expect(await reasonOf(await call(issuer, "/session", { cookie: value }))).toBe(
      "401 session-missing",
    );
  });

  it("ignores both of two session cookies, since one of them was planted", async () => {
    const planted = `${cookie}; ${await signIn(issuer, "bob")}`;
    expect(await reasonOf(await call(issuer, "/session", { cookie: planted }))).toBe(
      "401 session-missing",
    );
  });

  it.each([
    ["GET", "/nothing", "404 route-unknown"],
    ["GET", "/session/", "404 route-unknown"],
    ["GET", "/SESSION", "404 route-unknown"],
    ["GET", "/login", "404 route-unknown"],
    ["PUT", "/session", "405 method-not-allowed"],
    ["GET", "/session/token", "405 method-not-allowed"],
  ])("answers %s %s with %s", async (method, path, reason) => {
    expect(await reasonOf(await call(issuer, path, { method, cookie }))).toBe(reason);
  });

  it.each([
    ["/session", "GET, DELETE, HEAD, OPTIONS"],
    ["/session/token", "POST, OPTIONS"],
    ["/.well-known/jwks.json", "GET, HEAD, OPTIONS"],
  ])("names the methods of %s in Allow when it refuses another method", async (path, methods) => {
    const response = await call(issuer, path, { method: "PUT" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, methods]);
  });

  it.each<[string, (cookie: string) => Promise<string | undefined>, string | null]>([
    ["nobody is signed in", () => Promise.resolve(undefined), null],
    [
      "the session was revoked",
      async (own) => {
        const [session] = await issuer.sessions.listForUser("alice");
        await issuer.sessions.revoke(session!.handle);
        return own;
      },
      null,
    ],
    ["somebody is signed in", (own) => Promise.resolve(own), "alice"],
  ])("answers 200 to a page that prefers null to 401 when %s", async (_when, prepare, userId) => {
    const own = await prepare(cookie);
    const headers = { prefer: "respond-async, signed-out=null" };
    const response = await call(issuer, "/session", { cookie: own, headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("preference-applied")).toBe("signed-out=null");
    const answer = (await response.json()) as { readonly userId: string } | null;
    expect(answer === null ? null : answer.userId).toBe(userId);
    if (userId === null) expect((await call(issuer, "/session", { cookie: own })).status).toBe(401);
  });

  it("refuses a session header that is not allowed, also to a page that prefers null", async () => {
    const headers = { prefer: "signed-out=null", "x-breezeway-session": "new" };
    expect((await call(issuer, "/session", { headers })).status).toBe(400);
  });

  it("answers with a request id, which is the caller's when well-formed", async () => {
    const id = async (given: string): Promise<string | null> =>
      (await call(issuer, "/session", { headers: { "x-request-id": given } })).headers.get(
        "x-request-id",
      );
    expect(await id("trace-12345678")).toBe("trace-12345678");
    expect(await id("a b\tc<script>")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("marks every answer no-store", async () => {
    for (const path of ["/session", "/nothing", "/health"]) {
      const response = await call(issuer, path, { cookie });
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("limits", () => {
  const mint = (of: Issuer, from: string, more: CallOptions = {}): Promise<Response> =>
    call(of, "/session/token", {
      method: "POST",
      body: { appId: "orders" },
      cookie: from,
      ...more,
    });

  async function refusedAfter(count: number, request: () => Promise<Response>): Promise<Response> {
    for (let index = 0; index < count; index += 1) expect((await request()).status).toBe(200);
    const refused = await request();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ reason: "rate-limited", action: "wait" });
    return refused;
  }

  it("hold per session and app without affecting other apps and sessions", async () => {
    const own = testIssuer({ rateLimits: { mintsPerSessionAndApp: 3 } });
    const alice = await signIn(own);
    await refusedAfter(3, () => mint(own, alice));
    expect((await mint(own, alice, { body: { appId: "inspector" } })).status).toBe(200);
    expect((await mint(own, await signIn(own, "bob"))).status).toBe(200);
    await own.close();
  });

  it("hold per session", async () => {
    const own = testIssuer({ rateLimits: { mintsPerSession: 3 } });
    const alice = await signIn(own);
    await mint(own, alice, { body: { appId: "inspector" } });
    await refusedAfter(2, () => mint(own, alice));
    await own.close();
  });

  it("hold per app", async () => {
    const own = testIssuer({ rateLimits: { mintsPerApp: 2 } });
    const [alice, bob] = [await signIn(own), await signIn(own, "bob")];
    await mint(own, alice);
    await refusedAfter(1, () => mint(own, bob));
    expect((await mint(own, bob, { body: { appId: "inspector" } })).status).toBe(200);
    await own.close();
  });

  it("hold for the sign-ins of all addresses", async () => {
    const own = testIssuer({ rateLimits: { logins: 3 } });
    let addresses = 0;
    await refusedAfter(3, () => {
      addresses += 1;
      return call(own, "/login/dev", {
        method: "POST",
        body: { userId: "alice", tenantId: "acme" },
        address: `192.0.2.${addresses}`,
      });
    });
    await own.close();
  });

  it("leave sign-ins to other addresses while one address tries without end", async () => {
    const own = testIssuer({ rateLimits: { logins: 20 } });
    const login = async (address: string): Promise<number> => {
      const body = { userId: "alice", tenantId: "acme" };
      return (await call(own, "/login/dev", { method: "POST", body, address })).status;
    };
    for (const address of ["192.0.2.1", "192.0.2.2"]) {
      const statuses: number[] = [];
      for (let tries = 0; tries < 25; tries += 1) statuses.push(await login(address));
      expect(statuses).toContain(429);
    }
    expect(await login("192.0.2.3")).toBe(200);
    await own.close();
  });

  it("hold per address for sign-ins", async () => {
    const own = testIssuer({ rateLimits: { loginsPerAddress: 2 } });
    const login = (address: string) => (): Promise<Response> =>
      call(own, "/login/dev", {
        method: "POST",
        body: { userId: "alice", tenantId: "acme" },
        address,
      });
    await refusedAfter(2, login("192.0.2.1"));
    expect((await login("192.0.2.2")()).status).toBe(200);
    await own.close();
  });

  it("hold per address for every state-changing request, even without a session", async () => {
    const own = testIssuer({ rateLimits: { requestsPerAddress: 3 } });
    const alice = await signIn(own);
    await refusedAfter(3, () => mint(own, alice, { address: "192.0.2.1" }));
    const anonymous = await call(own, "/session/refresh", { method: "POST", address: "192.0.2.1" });
    expect(anonymous.status).toBe(429);
    await own.close();
  });

  it("are not used up by requests of other sites", async () => {
    const own = testIssuer({ rateLimits: { requestsPerAddress: 2 } });
    const alice = await signIn(own);
    const address = "192.0.2.1";
    for (let index = 0; index < 3; index += 1) {
      const headers = { origin: "https://evil.example", "x-breezeway-request": "" };
      expect((await mint(own, alice, { address, headers })).status).toBe(403);
    }
    expect((await mint(own, alice, { address })).status).toBe(200);
    await own.close();
  });

  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["unknown", undefined],
  ])("count requests from %s by network", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
