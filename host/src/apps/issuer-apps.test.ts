import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Host, TapEvent } from "../host-types.ts";
import type { Mount } from "../mount-types.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestIssuer,
} from "../testing.ts";
import type { OpenGuestPlace } from "../transport/guest-place.ts";

const ORDERS = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/",
  capabilities: ["customers:read", "customers:write"],
  scopes: ["orders:read"],
};

const CHANNELLED = {
  ...ORDERS,
  channels: { beta: { url: "https://orders.test/beta/", version: "2.0.0-rc.1" } },
};

/** The longest that a page waits after a change elsewhere. */
const SPREAD_MS = 2_000;

const place: OpenGuestPlace = () => ({ element: undefined, reload() {}, close() {} });

let issuer: TestIssuer;
let host: Host;
/** Errors that no caller waits for. */
let expected: number;

beforeEach(() => {
  expected = 0;
  issuer = createTestIssuer();
  issuer.apps.put(ORDERS);
  host = open();
});
afterEach(() => {
  host.close();
  expect(issuer.errors).toHaveLength(expected);
});

const open = (): Host => createHostForTesting(issuer.hostOptions, issuer.hooks);
const ids = (): string[] => host.apps.all.map(({ id }) => id);
const heard = (): Promise<void> => issuer.advance(SPREAD_MS);

async function mounted(): Promise<Mount> {
  await host.apps.ready;
  return host.mount("orders", { place });
}

describe("a host without the option apps", () => {
  it("has the issuer's apps once they have arrived, and says so before", async () => {
    expect(host.apps.isReady).toBe(false);
    expect(() => host.mount("orders", { place })).toThrow("await host.apps.ready");
    await host.apps.ready;
    expect(ids()).toEqual(["orders"]);
    expect(host.mount("orders", { place }).state).toBe("connecting");
  });

  it("asks again after a change elsewhere, at a random moment of two seconds", async () => {
    await host.apps.ready;
    let told = 0;
    host.apps.subscribe(() => (told += 1));
    issuer.apps.put({ ...ORDERS, id: "bills", url: "https://bills.test/" });
    // The test's dice always show a half.
    await issuer.advance(SPREAD_MS / 2 - 1);
    expect(ids()).toEqual(["orders"]);
    await issuer.advance(1);
    expect(ids()).toEqual(["orders", "bills"]);
    expect(told).toBe(1);
  });

  it("closes the mounts of a suspended app with the operator's words, and mounts it again after", async () => {
    const mount = await mounted();
    issuer.apps.suspend("orders", "Under review");
    await heard();
    expect(mount).toMatchObject({
      state: "closed",
      error: { code: "APP_SUSPENDED", details: { reason: "Under review" } },
    });
    expect(host.mounts).toEqual([]);
    expect(host.apps.suspendedBecause("orders")).toBe("Under review");
    expect(() => host.mount("orders", { place })).toThrow("Orders is suspended: Under review");
    issuer.apps.resume("orders");
    await heard();
    expect(host.mount("orders", { place }).state).toBe("connecting");
  });

  it.each<[string, object]>([
    ["moves to another origin", { url: "https://orders.example/" }],
    ["loses a capability", { capabilities: ["customers:read"] }],
    ["loses a permission of its frame", { sandbox: ["allow-scripts"] }],
    ["now needs proofs", { proofRequired: true }],
  ])("closes the mounts of an app that %s", async (_what, change) => {
    const mount = await mounted();
    issuer.apps.put({ ...ORDERS, ...change });
    await heard();
    expect(mount).toMatchObject({ state: "closed", error: { code: "CHANNEL_CLOSED" } });
  });

  it.each<[string, object]>([
    ["has another name", { name: "Sales" }],
    ["gains a capability", { capabilities: [...ORDERS.capabilities, "tasks:read"] }],
    ["gains or loses a scope", { scopes: ["orders:write"] }],
  ])("keeps the mounts of an app that %s", async (_what, change) => {
    const mount = await mounted();
    issuer.apps.put({ ...ORDERS, ...change });
    await heard();
    expect(mount.state).toBe("connecting");
    expect(host.apps.get("orders")).toMatchObject(change);
  });

  it("mounts the page of the tenant's channel, and leaves an open frame alone until it is reloaded", async () => {
    const shown: string[] = [];
    const recording: OpenGuestPlace = ({ url }) => {
      shown.push(url);
      return { ...place({} as never), show: (next) => void shown.push(next) };
    };
    await host.apps.ready;
    issuer.apps.put(CHANNELLED);
    await heard();
    const mount = host.mount("orders", { place: recording, path: "/list" });
    const other = host.mount("orders", { place: recording });
    issuer.apps.setChannel("orders", "beta");
    await heard();
    const [stable, beta] = [
      { channel: "stable", version: "1.0.0", url: "https://orders.test/" },
      { channel: "beta", ...CHANNELLED.channels.beta },
    ];
    expect(host.apps.versionOf("orders")).toEqual(beta);
    expect([mount.state, mount.version]).toEqual(["connecting", stable]);
    expect(shown).toEqual(["https://orders.test/list", "https://orders.test/"]);
    mount.reload();
    expect(mount.version).toEqual(beta);
    expect(host.mount("orders", { place: recording }).version).toEqual(beta);
    issuer.apps.setChannel("orders", "stable");
    await heard();
    expect([mount.version, other.version]).toEqual([beta, stable]);
    mount.reload();
    expect(mount.version).toEqual(stable);
    expect(shown.slice(2)).toEqual([
      "https://orders.test/beta/list",
      "https://orders.test/beta/",
      "https://orders.test/list",
    ]);
  });

  it("reports a page at another origin than the app's, and leaves the app out", async () => {
    await host.apps.ready;
    const beta = { url: "https://evil.test/", version: "2.0.0" };
    issuer.apps.put({ ...ORDERS, channels: { beta } });
    issuer.apps.setChannel("orders", "beta");
    await heard();
    expect(ids()).toEqual([]);
    expect(issuer.errors).toMatchObject([
      { code: "MANIFEST_INVALID", message: expect.stringContaining("page.url") as string },
    ]);
    expected = 1;
  });

  it("reports paths of a channel's page as paths of the manifest's, so that they outlive the channel", async () => {
    await host.apps.ready;
    issuer.apps.put(CHANNELLED);
    issuer.apps.setChannel("orders", "beta");
    await heard();
    const paths: string[] = [];
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place, onPathChange: (path) => paths.push(path) });
    await guest.connect();
    await guest.callWith("reportPath", ["/beta/list"]);
    expect(paths).toEqual(["/list"]);
  });

  it("keeps the version of a place that can only load its page again", async () => {
    const mount = await mounted();
    issuer.apps.put(CHANNELLED);
    issuer.apps.setChannel("orders", "beta");
    await heard();
    mount.reload();
    expect(mount.version.channel).toBe("stable");
  });

  it("names the version and the channel in the tap, whatever the app says", async () => {
    await host.apps.ready;
    issuer.apps.put(CHANNELLED);
    issuer.apps.setChannel("orders", "beta");
    await heard();
    const seen: TapEvent[] = [];
    host.tap((event) => seen.push(event));
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    guest.publish("x:y", { version: "9.9.9", channel: "canary" });
    await issuer.advance(0);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map(({ version, channel }) => `${channel} ${version}`))).toEqual(
      new Set(["beta 2.0.0-rc.1"]),
    );
  });

  it("closes the mounts of an app that was removed", async () => {
    const mount = await mounted();
    issuer.apps.remove("orders");
    await heard();
    expect(mount).toMatchObject({ state: "closed", error: { code: "APP_UNKNOWN" } });
  });

  it("keeps its apps while the issuer is away, and asks until it answers", async () => {
    await host.apps.ready;
    issuer.offline();
    issuer.apps.remove("orders");
    await heard();
    expect(ids()).toEqual(["orders"]);
    issuer.offline(false);
    await issuer.advance(30_000);
    expect(ids()).toEqual([]);
  });

  it("has the apps of whoever signs in", async () => {
    host.close();
    issuer = createTestIssuer({ session: null });
    issuer.apps.put(ORDERS);
    host = open();
    await host.apps.ready;
    expect(ids()).toEqual([]);
    issuer.signIn();
    await host.session.reload();
    await issuer.advance(0);
    expect(ids()).toEqual(["orders"]);
  });

  it("reports a manifest that it does not understand, and has the others", async () => {
    await host.apps.ready;
    issuer.apps.put({ ...ORDERS, id: "later", url: "ftp://later.test/" });
    await heard();
    expect(ids()).toEqual(["orders"]);
    expect(issuer.errors).toMatchObject([{ code: "MANIFEST_INVALID" }]);
    expected = 1;
  });

  it("asks nothing more after it was closed", async () => {
    await host.apps.ready;
    issuer.apps.remove("orders");
    host.close();
    await heard();
    expect(ids()).toEqual(["orders"]);
  });
});
