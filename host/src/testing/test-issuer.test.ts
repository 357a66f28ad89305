import { afterEach, describe, expect, it } from "vitest";
import { createHost, type Host } from "../index.ts";
import {
  createTestGuest,
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

function open(options: TestIssuerOptions = {}): Host["connections"] {
  issuer = createTestIssuer(options);
  host = createHost({ ...issuer.hostOptions, apps: [orders] });
  return host.connections;
}

const REFUSED = { event: "connect", reason: "refused", detail: "No plan." } as const;

describe("connections of the issuer in memory", () => {
  it("go from connecting over setup to connected, and tell the host of each step", async () => {
    const connections = open();
    await host.session.ready;
    const seen: string[] = [];
    connections.subscribe(() => void seen.push(issuer.connections[0]?.state ?? "none"));
    expect(await connections.connect("orders")).toMatchObject({ id: "c_1", state: "connecting" });
    issuer.setConnection("orders", { state: "setup" });
    const guest = createTestGuest({ clock: issuer.clock });
    connections.setup("orders", { place: guest.place });
    await guest.connect();
    await guest.callWith("setupCompleted", []);
    expect(await connections.list()).toMatchObject([{ id: "c_1", state: "connected" }]);
    expect(await connections.disconnect("orders")).toMatchObject({ state: "disconnecting" });
    issuer.setConnection("orders", { state: "disconnected" });
    expect(new Set(seen)).toEqual(
      new Set(["connecting", "setup", "connected", "disconnecting", "disconnected"]),
    );
    expect(await connections.connect("orders")).toMatchObject({ id: "c_2" });
  });

  it("fail as a backend does, and are tried again by the same id", async () => {
    const connections = open();
    await connections.connect("orders");
    issuer.setConnection("orders", { state: "failed", failure: REFUSED });
    expect(await connections.list()).toMatchObject([{ state: "failed", failure: REFUSED }]);
    expect(await connections.retry("orders")).toMatchObject({ id: "c_1", state: "connecting" });
    expect((await connections.list())[0]?.failure).toBeUndefined();
  });

  it("do once what is asked twice, and nothing to an app that never was one", async () => {
    const connections = open();
    expect(await connections.disconnect("orders")).toBeNull();
    expect(await connections.retry("orders")).toBeNull();
    const made = await connections.connect("orders");
    expect(await connections.connect("orders")).toEqual(made);
    expect(issuer.connections).toEqual([made]);
  });

  it("refuse what the state does not allow, another tenant, nobody, and what a test wants", async () => {
    const connections = open();
    await connections.connect("orders");
    await connections.disconnect("orders");
    const reason = (details: string) => ({ code: "DENIED", details: { reason: details } });
    await expect(connections.connect("orders")).rejects.toMatchObject(
      reason("connection-conflict"),
    );
    issuer.refuse("SCOPE_MISSING", "connections");
    await expect(connections.list()).rejects.toMatchObject(reason("scope-missing"));
    issuer.refuse(undefined, "connections");
    const { issuerUrl, fetch } = issuer.hostOptions;
    const elsewhere = await fetch!(`${issuerUrl}/connections/connect`, {
      method: "POST",
      body: JSON.stringify({ appId: "orders", tenantId: "globex" }),
    });
    expect(await elsewhere.json()).toMatchObject({ reason: "tenant-mismatch" });
    await host.session.signOut();
    expect(issuer.connections).toEqual([]);
    await expect(connections.list()).rejects.toMatchObject({ code: "SIGNED_OUT" });
  });

  it("let an app have tokens once it is connected, its open frame at once", async () => {
    const connections = open({ connectionsRequired: true });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    for (let read = 0; read < 5; read += 1) {
      await expect(guest.call("getSessionToken")).rejects.toMatchObject({ code: "DENIED" });
    }
    expect(issuer.mints).toEqual([]);
    await connections.connect("orders");
    issuer.setConnection("orders", { state: "connected" });
    await expect.poll(() => typeof guest.state.token?.token, { interval: 5 }).toBe("string");
    expect(issuer.mints).toEqual(["orders"]);
    await guest.call("getSessionToken");
  });
});
