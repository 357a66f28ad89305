import { expect, it } from "vitest";
import { addressesFrom } from "./addresses.ts";

it("moves all parts together", () => {
  const { shell, gateway, orders, upstream } = addressesFrom(5000);
  expect([shell.origin, gateway.origin]).toEqual([
    "http://localhost:5000",
    "http://localhost:5001",
  ]);
  expect([orders.origin, upstream.origin]).toEqual([
    "http://127.0.0.1:5010",
    "http://127.0.0.1:5020",
  ]);
});

it("listens on this machine only", () => {
  const listened = Object.values(addressesFrom(5000)).flatMap(({ listenOn }) => listenOn);
  expect(new Set(listened)).toEqual(new Set(["127.0.0.1", "::1"]));
});

it.each([Number.NaN, 80, 1023, 65_516, -1, 4000.5])("refuses the base port %s", (port) => {
  expect(() => addressesFrom(port)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});
