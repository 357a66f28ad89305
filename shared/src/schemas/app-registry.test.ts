import { describe, expect, it } from "vitest";
import { createAppRegistry } from "./app-registry.ts";
import { parseManifest } from "./manifest.ts";

const app = (id: string, url: string) => ({ id, name: id, version: "1.0.0", url });

describe("createAppRegistry", () => {
  it("finds apps by id and by exact origin", () => {
    const registry = createAppRegistry([
      app("orders", "https://apps.example/orders"),
      app("stock", "https://apps.example/stock"),
      parseManifest(app("notes", "https://notes.example")),
    ]);
    expect(registry.get("orders")?.origin).toBe("https://apps.example");
    expect(registry.byOrigin("https://apps.example").map(({ id }) => id)).toEqual([
      "orders",
      "stock",
    ]);
    expect(registry.byOrigin("https://apps.example.evil.example")).toEqual([]);
    expect(registry.all).toHaveLength(3);
  });

  it.each(["constructor", "__proto__", "toString", ""])("finds nothing under %j", (id) => {
    const registry = createAppRegistry([app("orders", "https://apps.example")]);
    expect(registry.get(id)).toBeUndefined();
    expect(registry.byOrigin(id)).toEqual([]);
  });

  it("refuses two apps with the same id", () => {
    const twice = [app("orders", "https://a.example"), app("orders", "https://b.example")];
    expect(() => createAppRegistry(twice)).toThrow(
      "orders: id: must be unique, and two apps have this id.",
    );
  });

  it("parses a frozen object that only looks parsed", () => {
    const forged = Object.freeze({
      ...app("orders", "http://evil.example"),
      origin: "https://bank.example",
    });
    expect(() => createAppRegistry([forged as never])).toThrow();
  });
});
