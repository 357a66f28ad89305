import { afterEach, describe, expect, it, vi } from "vitest";
import { ISSUER, APP_ORIGIN } from "@breezeway/test-support/signer";
import { startUpstream, type Echo } from "@breezeway/test-support/upstream";
import { createGateway } from "./gateway.ts";
import { startGateway } from "../test-support/start.ts";
import { ORDERS_APP, PANE_ORIGIN } from "../test-support/apps.ts";

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

describe("preflights", () => {
  const preflight = (origin: string): RequestInit => ({
    method: "OPTIONS",
    headers: {
      authorization: "",
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,x-tenant-id",
    },
  });

  it("are answered without the upstream", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/orders", preflight(APP_ORIGIN));
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": APP_ORIGIN,
      "access-control-allow-headers": "authorization,x-tenant-id",
      "access-control-max-age": "600",
      vary: "origin, access-control-request-method, access-control-request-headers",
    });
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("are answered for an unknown path, so that an app's page can read the 404", async () => {
    await using gateway = await startGateway();
    const asked = await gateway.request("/order", preflight(APP_ORIGIN));
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
    const response = await gateway.request("/order", {
      method: "POST",
      headers: { origin: APP_ORIGIN },
    });
    expect(response.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
    expect(await response.json()).toMatchObject({ status: 404, reason: "route-unknown" });
  });

  it.each([
    ["of an app that may not use the route", "/private", "POST", 403, "app-not-allowed"],
    ["for a method that the route does not take", "/read", "DELETE", 405, "method-not-allowed"],
  ])(
    "are answered for %s, so that its page can read the refusal",
    async (_name, path, method, ...why) => {
      await using gateway = await startGateway({
        routes: [
          { prefix: "/private", apps: ["orders"] },
          { prefix: "/read", scopes: { GET: [] } },
        ],
      });
      const pane = { aud: "customer-pane", azp: PANE_ORIGIN };
      const asked = await gateway.request(path, {
        method: "OPTIONS",
        headers: { origin: PANE_ORIGIN, "access-control-request-method": method },
      });
      expect(asked.status).toBe(204);
      expect(asked.headers.get("access-control-allow-origin")).toBe(PANE_ORIGIN);
      expect(asked.headers.get("access-control-allow-methods")).toContain(method);
      const refused = await gateway.request(path, {
        method,
        headers: { origin: PANE_ORIGIN, authorization: `Bearer ${gateway.tokens.token(pane)}` },
      });
      expect(refused.headers.get("access-control-allow-origin")).toBe(PANE_ORIGIN);
      const [status, reason] = why;
      expect(await refused.json()).toMatchObject({ status, reason });
      expect(gateway.upstream.requests).toEqual([]);
    },
  );

  it("get 404 for an unknown path from an unregistered origin", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/order", preflight("https://evil.example"));
    expect(response.status).toBe(404);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("without requested headers get the default headers and the configured max age", async () => {
    const cors = { maxAgeSeconds: 30, exposedHeaders: ["x-total"] };
    await using gateway = await startGateway({ gateway: { cors } });
    const headers = { origin: APP_ORIGIN, "access-control-request-method": "GET" };
    const asked = await gateway.request("/orders", { method: "OPTIONS", headers });
    expect(asked.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
    expect(asked.headers.get("access-control-max-age")).toBe("30");
    const answer = await gateway.request("/orders", { headers: { origin: APP_ORIGIN } });
    const exposed = answer.headers.get("access-control-expose-headers")?.split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["x-breezeway-request-id", "x-total"]));
  });

  it.each(["a;b", "a".repeat(2_049)])(
    "do not echo what is no list of headers: %s",
    async (asked) => {
      await using gateway = await startGateway();
      const response = await gateway.request("/orders", {
        method: "OPTIONS",
        headers: {
          origin: APP_ORIGIN,
          "access-control-request-method": "GET",
          "access-control-request-headers": asked,
        },
      });
      expect(response.status).toBe(400);
      expect(response.headers.get("access-control-allow-headers")).toBeNull();
    },
  );

  it("are refused from an unregistered origin", async () => {
    await using gateway = await startGateway();
    const response = await gateway.request("/orders", preflight("https://evil.example"));
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("a host that fetches for its guests", () => {
  const headers = { origin: "https://shell.example" };

  it("may send the token of any app and read the answer", async () => {
    const hostOrigins = [headers.origin];
    await using gateway = await startGateway({ gateway: { hostOrigins } });
    const response = await gateway.request("/orders", { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe(headers.origin);
    const preflight = await gateway.request("/orders", {
      method: "OPTIONS",
      headers: { ...headers, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
  });

  it("is refused when hostOrigins does not list it", async () => {
    await using gateway = await startGateway();
    expect((await gateway.request("/orders", { headers })).status).toBe(403);
  });
});

describe("the fetch handler", () => {
  async function send(path: string, init: RequestInit = {}): Promise<Response> {
    await using gateway = await startGateway();
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) {
      headers.set("authorization", `Bearer ${gateway.tokens.token()}`);
    }
    const request = new Request(`http://gateway.example${path}`, { ...init, headers });
    const response = await gateway.server.gateway.fetch(request);
    // Read before the gateway closes.
    return new Response(response.body && (await response.arrayBuffer()), response);
  }

  it("decides and forwards like the server", async () => {
    const response = await send("/orders/7?x=1", {
      method: "POST",
      body: "body",
      headers: { "x-breezeway-user": "mallory", "x-tenant-id": "acme" },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      method: "POST",
      url: "/orders/7?x=1",
      body: "body",
      headers: { "x-breezeway-user": "alice", "x-forwarded-host": "gateway.example" },
    });
  });

  it.each([
    ["/orders", { headers: { authorization: "Bearer x" } }, 401, "token-malformed"],
    ["/nothing", {}, 404, "route-unknown"],
    ["/orders%2fadmin", {}, 400, "request-malformed"],
    ["/orders", { headers: { "x-tenant-id": "globex" } }, 403, "tenant-mismatch"],
  ])("refuses %s with %j", async (path, init, status, reason) => {
    const response = await send(path, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ reason });
  });

  it("answers /health/live", async () => {
    expect((await send("/health/live")).status).toBe(200);
  });

  it("forwards the caller's abort", async () => {
    const closed = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => {
        response.write("begun");
        response.on("close", () => closed.resolve());
      },
    });
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${gateway.tokens.token()}` };
    const request = new Request("http://g.example/orders", { headers, signal: abort.signal });
    const response = await gateway.server.gateway.fetch(request);
    expect(response.status).toBe(200);
    abort.abort();
    await closed.promise;
  });
});

describe("a gateway", () => {
  afterEach(() => void vi.useRealTimers());

  /** An issuer that never answers, and whether anybody waits for it. */
  function silentIssuer() {
    const signals: AbortSignal[] = [];
    const options = {
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders" }],
      fetch: (_url: unknown, init?: RequestInit) => {
        const signal = init?.signal ?? new AbortController().signal;
        signals.push(signal);
        return new Promise<Response>((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
      onError: () => {},
    };
    return { options, asked: () => signals.map(({ aborted }) => !aborted) };
  }

  it("leaves no request and no timer behind after close", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { options, asked } = silentIssuer();
    const gateway = createGateway(options);
    expect(asked()).toEqual([true, true]);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await gateway.close();
    await gateway.ready;
    expect(asked()).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves none behind when an option is wrong", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { options, asked } = silentIssuer();
    const jwks = { keys: [{ kty: "RSA", kid: "weak" }] };
    expect(() => createGateway({ ...options, jwks })).toThrow("jwks");
    // The gateway follows the feed before it reads the keys.
    expect(asked()).toEqual([false]);
    await new Promise(setImmediate);
    expect(vi.getTimerCount()).toBe(0);
  });
});
