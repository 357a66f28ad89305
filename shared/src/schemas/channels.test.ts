import { describe, expect, it } from "vitest";
import { pathOn, shareOf, versionOf, type ChannelPlacements } from "./channels.ts";
import { parseManifest, type RegisteredApp } from "./manifest.ts";
import { appListResponseSchema, registryResponseSchema } from "./registry.ts";

const BETA = { url: "https://orders.example/beta/", version: "2.0.0-rc.1" };

const app = (change: object = {}): RegisteredApp =>
  parseManifest({
    id: "orders",
    name: "Orders",
    version: "1.0.0",
    url: "https://orders.example/",
    channels: { beta: BETA },
    ...change,
  });

const placed = (
  tenants: Record<string, string>,
  rollOut?: ChannelPlacements["rollOut"],
): ChannelPlacements => ({ tenants: new Map(Object.entries(tenants)), rollOut });

const TENANTS = Array.from({ length: 10_000 }, (_, index) => `tenant-${index}`);

describe("the version that a tenant has", () => {
  it("is stable, unless the tenant is on a channel or within the share of a rollout", () => {
    const stable = { channel: "stable", version: "1.0.0", url: "https://orders.example/" };
    const beta = { channel: "beta", ...BETA };
    expect(versionOf(app(), placed({}), "acme")).toEqual(stable);
    expect(versionOf(app(), placed({ acme: "beta" }), "acme")).toEqual(beta);
    expect(versionOf(app(), placed({ acme: "beta" }), "globex")).toEqual(stable);
    const everybody = placed({}, { channel: "beta", percent: 100 });
    expect(versionOf(app(), everybody, "globex")).toEqual(beta);
  });

  it("is that of the tenant's own channel, whatever is rolled out", () => {
    const two = app({ channels: { beta: BETA, next: { ...BETA, version: "3.0.0" } } });
    const both = placed({ acme: "next" }, { channel: "beta", percent: 100 });
    expect(versionOf(two, both, "acme").channel).toBe("next");
  });

  it.each(["gone", "constructor", "__proto__"])(
    "is stable on a channel that the manifest does not have: %s",
    (channel) => {
      const everybody = placed({ acme: channel }, { channel: "beta", percent: 100 });
      expect(versionOf(app(), everybody, "acme").channel).toBe("stable");
      const gone = placed({}, { channel, percent: 100 });
      expect(versionOf(app(), gone, "acme").channel).toBe("stable");
    },
  );

  it("stays the new one while a rollout grows, and about the share of all tenants has it", () => {
    const orders = app();
    let before = new Set<string>();
    for (const percent of [1, 10, 50, 90, 100]) {
      const placements = placed({}, { channel: "beta", percent });
      const on = new Set(
        TENANTS.filter((id) => versionOf(orders, placements, id).channel === "beta"),
      );
      expect([...before].every((id) => on.has(id))).toBe(true);
      // Five standard deviations of ten thousand independent tenants.
      const deviation = Math.sqrt((TENANTS.length * percent * (100 - percent)) / 10_000);
      expect(Math.abs(on.size - TENANTS.length * (percent / 100))).toBeLessThanOrEqual(
        5 * deviation,
      );
      before = on;
    }
    expect(before.size).toBe(TENANTS.length);
  });

  it("does not depend on the machine, and differs between apps", () => {
    // A version that computes another value would move tenants in the middle of a rollout.
    expect(shareOf("orders", "acme")).toBeCloseTo(50.930083, 6);
    expect(shareOf("orders", "acme")).not.toBe(shareOf("bills", "acme"));
  });
});

describe("the path of a page in another version", () => {
  it.each([
    ["https://orders.example/", "/list?open=1", "/beta/list?open=1"],
    ["https://orders.example/v1/index.html", "/v1/list", "/beta/list"],
  ])("of %s is under the other folder, and leads back: %s, %s", (url, path, expected) => {
    expect(pathOn(url, BETA.url, path)).toBe(expected);
    expect(pathOn(BETA.url, url, expected)).toBe(path);
  });

  it.each([
    ["https://orders.example/", "/beta/list"],
    ["https://orders.example/v1/", "/help"],
    ["https://orders.example/", "list"],
  ])("of %s stays as it is when it is elsewhere: %s", (url, path) => {
    expect(pathOn(url, BETA.url, path)).toBe(path);
  });
});

describe("the channels of a manifest", () => {
  it("are refused with a malformed url beside a malformed one of the manifest", () => {
    const wrong = { url: "nowhere", channels: { beta: { ...BETA, url: "nowhere" } } };
    expect(() => app(wrong)).toThrow("url: must be an https URL");
  });

  it.each<[string, unknown, string]>([
    [
      "another origin",
      { beta: { ...BETA, url: "https://evil.example/beta/" } },
      "channels.beta.url: must be on the origin of url",
    ],
    [
      "the folder of url",
      { beta: { ...BETA, url: "https://orders.example/?beta" } },
      "channels.beta.url: must be in another folder than url",
    ],
    ["a script", { beta: { ...BETA, url: "javascript:alert(1)" } }, "channels.beta.url: must be"],
    ["no version", { beta: { url: BETA.url } }, "channels.beta.version: is required"],
    ["a word as version", { beta: { ...BETA, version: "next" } }, "must be a semantic version"],
    ["scopes", { beta: { ...BETA, scopes: ["orders:pay"] } }, 'unknown field "scopes"'],
    ["stable", { stable: BETA }, "channels: must not list stable"],
    ["a name with a slash", { "be/ta": BETA }, "must be 1 to 32 lower-case letters"],
    ["the name of a member of every object", { constructor: BETA }, "must not be the name"],
    [
      "too many",
      Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`c${index}`, BETA])),
      "channels: must have at most 16 channels",
    ],
    ["a long version", { beta: { ...BETA, version: `1.0.0-${"a".repeat(60)}` } }, "64 characters"],
    ["a long url", { beta: { ...BETA, url: `${BETA.url}${"a".repeat(2_048)}` } }, "2048"],
    ["a list", [BETA], "channels: must be"],
  ])("are refused with %s", (_case, channels, message) => {
    expect(() => app({ channels })).toThrow(message);
    expect(() => app({ channels })).toThrow(expect.objectContaining({ code: "MANIFEST_INVALID" }));
  });
});

describe("an answer with a channel that this version does not understand", () => {
  const manifest = { id: "bills" };

  it.each([
    { versions: { "B E": {} }, tenants: [], rollOut: null },
    { versions: {}, tenants: [], rollOut: { channel: "beta", percent: 12.5 } },
    "later",
  ])("keeps the suspensions of all apps: %j", (channels) => {
    const suspensions = [{ reason: "Under review" }];
    const body = { apps: [{ manifest, channels, suspensions }] };
    const { apps } = registryResponseSchema.parse(body);
    expect(apps).toMatchObject([{ manifest, suspensions }]);
    expect(apps[0]?.channels).toBeUndefined();
  });

  it("keeps the apps of a page", () => {
    const app = { manifest, page: { channel: 7 }, suspended: null, granted: null };
    expect(appListResponseSchema.parse({ apps: [app] }).apps).toMatchObject([{ manifest }]);
  });
});
