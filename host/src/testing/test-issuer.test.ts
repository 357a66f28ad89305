import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../index.ts";
import {
  createTestGuest,
  createHostForTesting,
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
} from "../testing.ts";

const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app",
  lifecycle: { setupUrl: "https://orders.test/setup", connectUrl: "https://api.orders.test/" },
};

let host: Host;
let issuer: TestIssuer;
afterEach(() => host.close());

function open(options: TestIssuerOptions = {}): Host["installations"] {
  issuer = createTestIssuer(options);
  host = createHostForTesting({ ...issuer.hostOptions, apps: [orders] }, issuer.hooks);
  return host.installations;
}

const REFUSED = { event: "connect", reason: "refused", detail: "No plan." } as const;

describe("installations of the issuer in memory", () => {
  it("change from installing to setup to installed, and notify the host of each step", async () => {
    const installations = open();
    await host.session.ready;
    const seen: string[] = [];
    installations.subscribe(() => void seen.push(issuer.installations[0]?.state ?? "none"));
    expect(await installations.install("orders")).toMatchObject({ id: "c_1", state: "installing" });
    issuer.setInstallation("orders", { state: "setup" });
    const guest = createTestGuest({ clock: issuer.clock });
    installations.setup("orders", { place: guest.place });
    await guest.connect();
    await guest.callWith("setupCompleted", []);
    expect(await installations.list()).toMatchObject([{ id: "c_1", state: "installed" }]);
    expect(await installations.uninstall("orders")).toMatchObject({ state: "uninstalling" });
    issuer.setInstallation("orders", { state: "uninstalled" });
    expect(new Set(seen)).toEqual(
      new Set(["installing", "setup", "installed", "uninstalling", "uninstalled"]),
    );
    expect(await installations.install("orders")).toMatchObject({ id: "c_2" });
  });

  it("fail when the backend fails, and are retried with the same id", async () => {
    const installations = open();
    await installations.install("orders");
    issuer.setInstallation("orders", { state: "failed", failure: REFUSED });
    expect(await installations.list()).toMatchObject([{ state: "failed", failure: REFUSED }]);
    expect(await installations.retry("orders")).toMatchObject({ id: "c_1", state: "installing" });
    expect((await installations.list())[0]?.failure).toBeUndefined();
  });

  it("are idempotent, and ignore an app that was never installed", async () => {
    const installations = open();
    expect(await installations.uninstall("orders")).toBeNull();
    expect(await installations.retry("orders")).toBeNull();
    const made = await installations.install("orders");
    expect(await installations.install("orders")).toEqual(made);
    expect(issuer.installations).toEqual([made]);
  });

  it("refuse commands in the wrong state, of another tenant, without a session, and on the test's request", async () => {
    const installations = open();
    await installations.install("orders");
    await installations.uninstall("orders");
    const reason = (details: string) => ({ code: "DENIED", details: { reason: details } });
    await expect(installations.install("orders")).rejects.toMatchObject(
      reason("installation-conflict"),
    );
    issuer.refuse("SCOPE_MISSING", "installations");
    await expect(installations.list()).rejects.toMatchObject(reason("scope-missing"));
    issuer.refuse(undefined, "installations");
    const { issuerUrl, fetch } = issuer.hostOptions;
    const elsewhere = await fetch(`${issuerUrl}/installations/install`, {
      method: "POST",
      body: JSON.stringify({ appId: "orders", tenantId: "globex" }),
    });
    expect(await elsewhere.json()).toMatchObject({ reason: "tenant-mismatch" });
    await host.session.signOut();
    expect(issuer.installations).toEqual([]);
    await expect(installations.list()).rejects.toMatchObject({ code: "SIGNED_OUT" });
  });

  it("allow tokens once the app is installed, at once in its open frame", async () => {
    const installations = open({ installationsRequired: true });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    for (let read = 0; read < 5; read += 1) {
      await expect(guest.call("getSessionToken")).rejects.toMatchObject({ code: "DENIED" });
    }
    expect(issuer.mints).toEqual([]);
    await installations.install("orders");
    issuer.setInstallation("orders", { state: "installed" });
    await expect.poll(() => typeof guest.state.token?.token, { interval: 5 }).toBe("string");
    expect(issuer.mints).toEqual(["orders"]);
    await guest.call("getSessionToken");
  });
});
