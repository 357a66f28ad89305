import { describe, expect, it } from "vitest";
import { createRouteTable } from "./route-table.ts";

describe("the scopes of a route by method", () => {
  const scopes = { GET: ["orders:read"], DELETE: ["orders:admin"], "*": ["orders:write"] };
  const [route] = createRouteTable([{ prefix: "/orders", scopes }], "test").routes;

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
