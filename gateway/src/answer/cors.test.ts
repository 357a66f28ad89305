import { describe, expect, it } from "vitest";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import { startGateway } from "../../test-support/start.ts";
import { PANE_ORIGIN } from "../../test-support/apps.ts";

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
    "do not echo a value that is not a list of headers: %s",
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
