import { describe, expect, it } from "vitest";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import { startUpstream, type Echo } from "@breezeway/test-support/upstream";
import { startGateway } from "../test-support/start.ts";
import { PANE_ORIGIN } from "../test-support/apps.ts";

describe("a request with a valid token", () => {
  it("reaches the upstream with the caller's identity and without the token", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/orders/7?full=1", {
      headers: { "x-tenant-id": "acme", origin: APP_ORIGIN },
    });
    expect(response.status).toBe(200);
    const seen = (await response.json()) as Echo;
    expect(seen).toMatchObject({ method: "GET", url: "/orders/7?full=1" });
    expect(seen.headers).toMatchObject({
      "x-breezeway-user": "alice",
      "x-breezeway-tenant": "acme",
      "x-breezeway-app": "orders",
      "x-breezeway-session": "session-1",
      "x-breezeway-scope": "orders:read orders:write",
      "x-breezeway-request-id": response.headers.get("x-breezeway-request-id"),
      "x-tenant-id": "acme",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      via: "1.1 breezeway",
    });
    expect(seen.headers).not.toHaveProperty("authorization");
    expect(response.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
    expect(response.headers.get("vary")).toBe("origin");
  });

  it("carries its body to the upstream", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/orders", { method: "POST", body: '{"sku":1}' });
    const seen = (await response.json()) as Echo;
    expect(seen).toMatchObject({ method: "POST", body: '{"sku":1}' });
    expect(seen.headers).toMatchObject({ "content-length": "9" });
  });

  it("keeps the token when the route has forwardToken", async () => {
    await using gateway = await startGateway({ route: { forwardToken: true } });
    const token = gateway.tokens.token();
    const response = await gateway.request("/orders", {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(((await response.json()) as Echo).headers["authorization"]).toBe(`Bearer ${token}`);
  });
});

describe("refusals", () => {
  const cases: [
    string,
    { path?: string; method?: string; headers?: object; claims?: object },
    number,
    string,
  ][] = [
    ["no token", { headers: { authorization: "" } }, 401, "token-missing"],
    ["another scheme", { headers: { authorization: "Basic YTpi" } }, 401, "token-missing"],
    ["garbage", { headers: { authorization: "Bearer x" } }, 401, "token-malformed"],
    [
      "no route, without a token",
      { path: "/nothing", headers: { authorization: "" } },
      404,
      "route-unknown",
    ],
    ["no route, with a token", { path: "/nothing" }, 404, "route-unknown"],
    ["a longer word than the prefix", { path: "/orders2" }, 404, "route-unknown"],
    ["another letter case", { path: "/Orders" }, 404, "route-unknown"],
    ["an app that is not registered", { claims: { aud: "ghost" } }, 401, "audience-mismatch"],
    [
      "an app that the route does not list",
      { path: "/private", claims: { aud: "customer-pane" } },
      403,
      "app-not-allowed",
    ],
    ["a missing scope", { claims: { scope: "orders:write" } }, 403, "scope-missing"],
    [
      "a missing scope of the method",
      { method: "POST", claims: { scope: "orders:read" } },
      403,
      "scope-missing",
    ],
    ["another tenant", { headers: { "x-tenant-id": "globex" } }, 403, "tenant-mismatch"],
    [
      "an origin of no app",
      { headers: { origin: "https://evil.example" } },
      403,
      "origin-not-allowed",
    ],
    ["the null origin", { headers: { origin: "null" } }, 403, "origin-not-allowed"],
    ["another app's origin", { headers: { origin: PANE_ORIGIN } }, 401, "azp-mismatch"],
    ["another issuer", { claims: { iss: "https://other.example" } }, 401, "issuer-mismatch"],
    ["an expired token", { claims: { iat: 1000, nbf: 1000, exp: 1060 } }, 401, "token-expired"],
    ["a token in the query", { path: "/orders?access_token=x" }, 400, "duplicate-credentials"],
    [
      "a method that the route does not list",
      { path: "/private", method: "DELETE" },
      405,
      "method-not-allowed",
    ],
  ];
  it.each(cases)("refuses %s", async (_name, { path, method, headers, claims }, status, reason) => {
    await using gateway = await startGateway({
      routes: [{ prefix: "/private", apps: ["orders"], scopes: { GET: [] } }],
    });
    const response = await gateway.request(path ?? "/orders", {
      method: method ?? "GET",
      headers: { authorization: `Bearer ${gateway.tokens.token(claims)}`, ...headers },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ reason, status });
    expect(problem["requestId"]).toBe(response.headers.get("x-breezeway-request-id"));
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("allows the guest's script to read the refusal", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/orders", {
      headers: { authorization: "", origin: APP_ORIGIN },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(response.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
  });

  it("answers 502 when the upstream cannot be reached", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    await using gateway = await startGateway({ route: { upstream: gone.url } });
    const response = await gateway.request("/orders");
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ reason: "upstream-unreachable", action: "wait" });
  });

  it("answers 504 when the upstream does not answer within timeoutMs", async () => {
    await using gateway = await startGateway({ handler: () => {}, route: { timeoutMs: 50 } });
    const response = await gateway.request("/orders");
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ reason: "upstream-timeout" });
  });

  it("answers 503 when the issuer's keys cannot be fetched", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    await using gateway = await startGateway({ gateway: { jwks: `${gone.url}/jwks.json` } });
    const response = await gateway.request("/orders");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ reason: "keys-unavailable", action: "wait" });
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
  });

  it("answers 413 for a body longer than maxBodyBytes", async () => {
    await using gateway = await startGateway({ route: { maxBodyBytes: 10 } });
    const known = await gateway.request("/orders", { method: "POST", body: "x".repeat(11) });
    expect(known.status).toBe(413);
    expect(gateway.upstream.requests).toEqual([]);
    const unknown = await gateway.request("/orders", {
      method: "POST",
      body: new Blob(["x".repeat(200)]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(unknown.status).toBe(413);
    expect(await unknown.json()).toMatchObject({ reason: "body-too-large" });
  });
});
