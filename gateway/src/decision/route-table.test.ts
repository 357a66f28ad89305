import { describe, expect, it } from "vitest";
import { createRouteTable } from "./route-table.ts";

const upstream = "http://127.0.0.1:4020";
const table = createRouteTable(
  [
    { prefix: "/orders", upstream, scopes: ["orders:read"] },
    { prefix: "/orders/admin", upstream: `${upstream}/base`, scopes: ["orders:admin"] },
    { prefix: "/v1", upstream: `${upstream}/base`, stripPrefix: true },
    { prefix: "/methods", upstream, scopes: { GET: ["a:read"], POST: ["a:write"] } },
  ],
  "test",
);

describe("a route table", () => {
  it.each([
    ["/orders", "/orders"],
    ["/orders/", "/orders"],
    ["/orders/7", "/orders"],
    ["/orders/admin", "/orders/admin"],
    ["/orders/admin/x", "/orders/admin"],
    ["/orders/administrator", "/orders"],
    ["/ordersx", undefined],
    ["/", undefined],
  ])("matches %s to %s", (path, prefix) => {
    expect(table.match(path)?.prefix).toBe(prefix);
  });

  // Express serves /orders/ADMIN as /orders/admin, which must not need only the scopes of /orders.
  it.each(["/orders/ADMIN", "/orders/Admin/x", "/ORDERS/admin", "/Orders"])(
    "lets %s fall through to no route",
    (path) => {
      expect(table.match(path)).toBeUndefined();
    },
  );

  it("maps paths to paths of the upstream", () => {
    const on = (path: string): string | undefined => table.match(path)?.upstreamPath(path);
    expect(on("/orders/7")).toBe("/orders/7");
    expect(on("/orders/admin/7")).toBe("/base/orders/admin/7");
    expect(on("/v1/things/7")).toBe("/base/things/7");
    expect(on("/v1")).toBe("/base");
  });

  it("has scopes by method: HEAD follows GET, and other methods are refused", () => {
    const route = table.match("/methods");
    expect(route?.requiredScopes("HEAD")).toEqual(["a:read"]);
    expect(route?.requiredScopes("POST")).toEqual(["a:write"]);
    expect(route?.requiredScopes("DELETE")).toBeUndefined();
    expect(route?.methods).toEqual(["GET", "POST", "HEAD"]);
  });
});

describe("the scopes of a route by method", () => {
  const scopes = { GET: ["orders:read"], DELETE: ["orders:admin"], "*": ["orders:write"] };
  const [route] = createRouteTable([{ prefix: "/orders", upstream, scopes }], "test").routes;

  it.each([
    ["GET", "orders:read"],
    ["HEAD", "orders:read"],
    ["DELETE", "orders:admin"],
    ["POST", "orders:write"],
    ["VERSION-CONTROL", "orders:write"],
  ])("of %s are %s", (method, scope) => {
    expect(route?.requiredScopes(method)).toEqual([scope]);
  });

  it.each(["delete", "Delete", "DELETe", "DELETE ", "", "get", "__proto__"])(
    "are not those of every other method for %j",
    (method) => {
      expect(route?.requiredScopes(method)).toBeUndefined();
    },
  );
});
