import { describe, expect, it } from "vitest";
import { APP_ORIGIN } from "@breezeway/test-support/signer";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

const IDENTITY = [
  "x-breezeway-user",
  "x-breezeway-tenant",
  "x-breezeway-app",
  "x-breezeway-session",
  "x-breezeway-scope",
  "x-breezeway-request-id",
  "x-tenant-id",
];

const nginx = (uri: string, method = "GET") => ({
  "x-original-method": method,
  "x-original-uri": uri,
});
const caddy = (uri: string, method = "GET") => ({
  "x-forwarded-method": method,
  "x-forwarded-uri": uri,
});

function ask(
  gateway: TestGateway,
  path: string,
  headers: object,
  method = "GET",
): Promise<Response> {
  return gateway.request(path, { method, headers: { ...headers } });
}

describe("/authz", () => {
  it.each([
    ["nginx asks", "/authz", nginx("/orders/7?x=1"), "GET", 204],
    ["Caddy asks", "/authz", caddy("/orders/7?x=1"), "GET", 200],
    ["Envoy asks", "/authz/orders/7?x=1", {}, "GET", 200],
    ["it is asked with any method", "/authz", nginx("/orders"), "DELETE", 204],
    ["Envoy asks about a write", "/authz/orders", {}, "POST", 200],
  ])("allows the request and sends the identity when %s", async (...row) => {
    const [, path, headers, method, status] = row;
    await using gateway = await startGateway({ route: { upstream: undefined } });
    const response = await ask(gateway, path, { ...headers, origin: APP_ORIGIN }, method);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-breezeway-user": "alice",
      "x-breezeway-tenant": "acme",
      "x-breezeway-app": "orders",
      "x-breezeway-session": "session-1",
      "x-breezeway-scope": "orders:read orders:write",
      "x-tenant-id": "acme",
      "x-breezeway-error": "",
      "access-control-allow-origin": APP_ORIGIN,
    });
  });

  it("sends every identity header empty with a refusal, and the reason", async () => {
    await using gateway = await startGateway();
    const response = await ask(gateway, "/authz", {
      ...caddy("/orders"),
      authorization: "Bearer x",
    });
    expect(response.status).toBe(401);
    for (const name of IDENTITY) expect(response.headers.get(name), name).not.toBeNull();
    expect(response.headers.get("x-breezeway-user")).toBe("");
    expect(response.headers.get("x-breezeway-error")).toBe("token-malformed");
    expect(await response.json()).toMatchObject({ reason: "token-malformed" });
  });

  it("sends only 401 and 403 to nginx, and other statuses to the client", async () => {
    await using gateway = await startGateway();
    const question = nginx("/nothing");
    const response = await ask(gateway, "/authz", question);
    expect(response.status).toBe(403);
    expect(response.headers.get("x-breezeway-error")).toBe("route-unknown");
    const refusal = await ask(gateway, "/authz/refusal?x=1", question);
    expect(refusal.status).toBe(404);
    expect(await refusal.json()).toMatchObject({ reason: "route-unknown", status: 404 });
    const allowed = await ask(gateway, "/authz/refusal", nginx("/orders"));
    expect(allowed.status).toBe(503);
    expect(allowed.headers.get("x-breezeway-user")).toBe("");
  });

  it.each([
    ["nothing", "/authz", {}],
    ["only a method", "/authz", { "x-original-method": "GET" }],
    ["only a URI", "/authz", { "x-forwarded-uri": "/orders" }],
    ["two families", "/authz", { ...caddy("/orders"), ...nginx("/orders") }],
    ["a family and the path", "/authz/orders", caddy("/orders")],
    [
      "halves of two families",
      "/authz",
      { "x-original-method": "GET", "x-forwarded-uri": "/orders" },
    ],
  ])("refuses a question that names %s", async (_name, path, headers) => {
    await using gateway = await startGateway();
    const response = await ask(gateway, path, headers);
    expect([400, 403]).toContain(response.status);
    expect(response.headers.get("x-breezeway-error")).toBe("request-malformed");
    expect(response.headers.get("x-breezeway-user")).toBe("");
  });

  it.each([
    [
      "the scope of the method",
      caddy("/orders", "POST"),
      { scope: "orders:read" },
      "scope-missing",
    ],
    ["a path in another spelling", caddy("/orders/%2e%2e/admin"), {}, "request-malformed"],
    ["a preflight without a token", caddy("/orders", "OPTIONS"), undefined, "token-missing"],
    ["TRACE", caddy("/orders", "TRACE"), {}, "method-not-allowed"],
  ])("decides about %s like the proxy", async (_name, headers, claims, reason) => {
    await using gateway = await startGateway();
    const authorization = claims === undefined ? "" : `Bearer ${gateway.tokens.token(claims)}`;
    const response = await ask(gateway, "/authz", { ...headers, authorization });
    expect(response.headers.get("x-breezeway-error")).toBe(reason);
  });

  it("does not handle a path that only begins like /authz", async () => {
    await using gateway = await startGateway();
    expect((await gateway.request("/authzz")).status).toBe(404);
  });
});
