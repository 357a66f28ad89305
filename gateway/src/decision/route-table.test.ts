import * as fc from "fast-check";
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

  // Each stands for a habit of servers: see fold-path.ts.
  it.each([
    ...["/orders/admin.", "/orders/admin...", "/orders/admin./x", "/orders/admin%20"],
    ...["/orders/admin%20/x", "/orders/%20admin", "/orders/admin+", "/orders/admin%20."],
    ...["/orders/admin%C2%A0", "/orders/admin%E3%80%80", "/orders/admin%2520"],
    ...["/orders/admin%E2%80%8B", "/orders/ad%C2%ADmin", "/orders/%EF%BB%BFadmin"],
    ...["/orders/admin%C2%85", "/orders/admin::$DATA", "/orders/admin%EF%BC%9Bx"],
    ...["/orders%EF%BC%8Fadmin", "/orders%E2%88%95admin", "/orders%E2%81%84admin"],
    ...["/orders%EF%BC%BCadmin", "/orders/%EF%BD%81dmin", "/orders/%EF%BC%A1DMIN"],
    ...["/orders/adm%C4%B1n", "/orders/admin%EF%BC%8E", "/orders/admin%E2%80%A4"],
    ...["/orders/%EF%BC%8561dmin", "/orders%2Fadmin"],
    ...["/orders%20/admin", "/orders./admin"],
  ])("lets %s fall through to no route with weaker scopes", (path) => {
    const prefix = table.match(path)?.prefix;
    expect([undefined, "/orders/admin"]).toContain(prefix);
  });

  it.each([
    ...["/orders/..%20/admin", "/orders/...", "/orders/.%20./x", "/orders/%20", "/orders/..%C2%A0"],
    ...[
      "/orders/%EF%BC%8E%EF%BC%8E/admin",
      "/orders%EF%BC%8F..%EF%BC%8Fadmin",
      "/orders/%E2%80%A6",
    ],
    ...["/orders/x%2F..%2F..%2Fadmin", "/orders/..+/admin", "/orders/..%E2%80%8B/admin"],
  ])("refuses %s, which servers may resolve", (path) => {
    expect(() => table.match(path)).toThrow(
      expect.objectContaining({ code: "REQUEST_MALFORMED" }) as Error,
    );
  });

  it.each([
    ...[
      "/orders/report.",
      "/orders/50%25",
      "/orders/%E2%80%A6more",
      "/orders/a%20b",
      "/orders/c++",
    ],
    ...["/orders/a:b", "/orders/%C3%A9t%C3%A9", "/orders/m%C2%B2", "/orders/%5B7%5D", "/orders/+"],
  ])("matches %s, whatever a server makes of it", (path) => {
    expect(table.match(path)?.prefix).toBe("/orders");
  });

  it("refuses two prefixes that some servers do not tell apart", () => {
    expect(() =>
      createRouteTable(
        [
          { prefix: "/orders", upstream },
          { prefix: "/Orders.", upstream },
        ],
        "test",
      ),
    ).toThrow("test: routes[1].prefix: another route has this prefix.");
  });

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

describe("the search for a prefix", () => {
  const segment = fc.constantFrom("a", "b", "ab", "A", "a.b");
  const path = fc
    .array(segment, { maxLength: 5 })
    .map((segments) => (segments.length === 0 ? "/" : `/${segments.join("/")}`));
  const isBelow = (text: string, prefix: string): boolean =>
    prefix === "/" || text === prefix || text.startsWith(`${prefix}/`);

  it("finds the longest one that the path is below, for any prefixes and paths", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { minLength: 1, selector: (text) => text.toLowerCase() }),
        path,
        (prefixes, text) => {
          const routes = createRouteTable(
            prefixes.map((prefix) => ({ prefix, upstream })),
            "test",
          );
          const [longest] = prefixes
            .filter((prefix) => isBelow(text.toLowerCase(), prefix.toLowerCase()))
            .toSorted((a, b) => b.length - a.length);
          const expected = longest !== undefined && isBelow(text, longest) ? longest : undefined;
          expect(routes.match(text)?.prefix).toBe(expected);
        },
      ),
    );
  });
});
