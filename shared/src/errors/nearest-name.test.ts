import { describe, expect, it } from "vitest";
import { nearestName } from "./nearest-name.ts";

const known = ["issuer", "apps", "scopes", "tokenTtlSeconds", "maxBodyBytes", "id", "to"];

describe("nearestName", () => {
  it.each([
    ["scoeps", "scopes"],
    ["scope", "scopes"],
    ["Scopes", "scopes"],
    ["scpes", "scopes"],
    ["tokenTTL", "tokenTtlSeconds"],
    ["tokenTtl", "tokenTtlSeconds"],
    ["maxBodyByte", "maxBodyBytes"],
    ["issuerUrl", "issuer"],
    ["app", "apps"],
    ["ID", "id"],
    ["ids", "id"],
  ])("finds for %s the name %s", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it.each(["", "x", "on", "clock", "routes", "__proto__", "x".repeat(1e6)])(
    "finds nothing for %.10s",
    (name) => {
      expect(nearestName(name, known)).toBeUndefined();
    },
  );

  it("prefers the name with fewer edits over the first one in the list", () => {
    expect(nearestName("scopes2", ["scope", "scopes"])).toBe("scopes");
  });
});
