import { describe, expect, it } from "vitest";
import { parseManifest, parseManifestJson } from "./manifest.ts";

const minimal = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.example/app",
};

describe("parseManifest", () => {
  it("fills in safe defaults and derives the origin", () => {
    const app = parseManifest(minimal);
    expect(app.origin).toBe("https://orders.example");
    expect(app.sandbox).toEqual(["allow-scripts", "allow-same-origin", "allow-forms"]);
    expect(app.capabilities).toEqual([]);
    expect(app.colorSchemes).toEqual(["light"]);
  });

  it("accepts a registered app that was sent as JSON", () => {
    const app = parseManifest(minimal);
    expect(parseManifest(JSON.parse(JSON.stringify(app)))).toEqual(app);
  });

  it.each([
    ["a missing field", { ...minimal, name: undefined }, "orders.json: name: is required."],
    [
      "a wrong type",
      { ...minimal, scopes: "orders:read" },
      "orders.json: scopes: must be of type array.",
    ],
    ["an unknown field", { ...minimal, admin: true }, 'orders.json: unknown field "admin".'],
    [
      "plain http elsewhere",
      { ...minimal, url: "http://orders.example" },
      "url: must be an https URL",
    ],
    [
      "credentials in the url",
      { ...minimal, url: "https://u:p@orders.example" },
      "url: must be an https URL",
    ],
    ["a script url", { ...minimal, url: "javascript:alert(1)" }, "url: must be an https URL"],
    [
      "an origin that is not that of the url",
      { ...minimal, origin: "https://shell.example" },
      "orders.json: origin: must be the origin of url.",
    ],
    ["top navigation", { ...minimal, sandbox: ["allow-top-navigation"] }, "sandbox[0]: must be"],
    ["no colour scheme", { ...minimal, colorSchemes: [] }, "colorSchemes: must name at least one"],
    [
      "an unknown colour scheme",
      { ...minimal, colorSchemes: ["sepia"] },
      'colorSchemes[0]: must be "light" or "dark"',
    ],
    ["a prototype name as id", { ...minimal, id: "__proto__" }, "id: must be lower-case"],
    [
      "the name of a member of every object as id",
      { ...minimal, id: "constructor" },
      "id: must not",
    ],
    ...["a\nb", "a\u2028b", "\u202eevil", "a\u0000", "a\ud800", "a\u2066"].flatMap(
      (text): [string, object, string][] => [
        [`the name ${JSON.stringify(text)}`, { ...minimal, name: text }, "name: must not contain"],
        [
          `the label ${JSON.stringify(text)}`,
          { ...minimal, placements: [{ type: "menu", label: { en: text }, path: "/" }] },
          "placements[0].label",
        ],
      ],
    ),
    [
      "a path to another host",
      { ...minimal, placements: [{ type: "setup", path: "//evil.example" }] },
      "placements[0].path: must be a path",
    ],
    [
      "a setup page elsewhere",
      { ...minimal, lifecycle: { setupUrl: "https://evil.example" } },
      "lifecycle.setupUrl: must be on the origin of url",
    ],
    ["not an object", 7, "orders.json: must be of type object."],
  ])("names the field for %s", (_case, value, message) => {
    expect(() => parseManifest(value, "orders.json")).toThrow(message);
    expect(() => parseManifest(value, "orders.json")).toThrow(
      expect.objectContaining({ code: "MANIFEST_INVALID" }),
    );
  });

  it("does not quote malformed JSON, which may hold a secret", () => {
    expect(() => parseManifestJson('{"secret": "canary', "orders.json")).toThrow(
      "orders.json: this is not valid JSON (line 1 column 19).",
    );
  });
});
