import { defineContract, type Frame } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Host, HostOptions, Mount } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";

const contract = defineContract({
  methods: {
    getCustomer: { args: z.tuple([z.string()]), returns: z.object({ name: z.string() }) },
    deleteCustomer: { args: z.tuple([z.string()]), capability: "customers:write" },
    wait: {},
  },
  events: {
    "customer:changed": { payload: z.object({ id: z.string() }), retained: true },
    "order:verified": z.object({ orderId: z.number() }),
  },
  guestMethods: { refresh: { args: z.tuple([z.number()]), returns: z.number() } },
});
type C = typeof contract;

const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app",
};

interface Setup {
  readonly issuer: TestIssuer;
  readonly host: Host<C>;
  readonly guest: TestGuest<C>;
  readonly mount: Mount<C>;
}

const open: Host<C>[] = [];

const setUp = (options: Partial<HostOptions<C>> = {}): Setup => {
  const issuer = createTestIssuer();
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [orders],
      contract,
      methods: {
        getCustomer: (id) => ({ name: `Customer ${id}` }),
        wait: () => new Promise(() => undefined),
      },
      context: { page: "home" },
      ...options,
    },
    issuer.hooks,
  );
  open.push(host);
  const guest = createTestGuest<C>({ clock: issuer.clock });
  const mount = host.mount("orders", { place: guest.place, path: "/app?x=1" });
  return { issuer, host, guest, mount };
};

function never(): never {
  throw new RangeError("no such order");
}

const coded = (code: string): unknown => expect.objectContaining({ code });

afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

describe("a host with a test guest", () => {
  it("welcomes the guest with its snapshot and a token of its app", async () => {
    const { guest, mount, issuer } = setUp();
    expect(mount.state).toBe("connecting");
    const welcome = await guest.connect();
    expect(mount.state).toBe("connected");
    expect(guest.url).toBe("https://orders.test/app?x=1");
    expect(welcome).toMatchObject({ appId: "orders", context: { page: "home" } });
    expect(guest.state.session).toMatchObject({ userId: "alice", tenantId: "acme" });
    expect(guest.state.token?.token).toBeTypeOf("string");
    expect(issuer.mints).toEqual(["orders"]);
    expect(() => mount.element).toThrow(coded("CONFIG_INVALID"));
  });

  it("answers the guest's calls and calls the guest, as the contract defines", async () => {
    const { guest, mount } = setUp();
    await guest.connect();
    guest.expose("refresh", (count) => count + 1);
    await expect(guest.call("getCustomer", "7")).resolves.toEqual({ name: "Customer 7" });
    await expect(mount.call("refresh", 1)).resolves.toBe(2);
    await expect(guest.call("deleteCustomer", "7")).rejects.toThrow(coded("CAPABILITY_MISSING"));
    await expect(guest.callWith("getCustomer", [7])).rejects.toThrow(
      coded("CALL_ARGUMENTS_INVALID"),
    );
    await expect(guest.callWith("constructor", [])).rejects.toThrow(coded("CALL_METHOD_UNKNOWN"));
  });

  it("exchanges events, and reports refusals to the guest", async () => {
    const { guest, host } = setUp();
    const received: unknown[] = [];
    host.event.subscribe("order:verified", (payload, { app }) => received.push([app.id, payload]));
    host.event.publish("customer:changed", { id: "c-1" });
    await guest.connect();
    const seen: string[] = [];
    guest.subscribe("customer:changed", ({ id }) => seen.push(id));
    guest.publish("order:verified", { orderId: 5 });
    guest.send(["event", "order:verified", { orderId: "five" }]);
    await guest.settled();
    expect(seen).toEqual(["c-1"]);
    expect(received).toEqual([["orders", { orderId: 5 }]]);
    expect(guest.refusals).toEqual([{ topic: "order:verified", code: "EVENT_PAYLOAD_INVALID" }]);
  });

  it("pushes a new token before the old one expires", async () => {
    const { guest, issuer } = setUp();
    await guest.connect();
    const first = guest.state.token?.token;
    await issuer.advance(50_000);
    await guest.settled();
    expect(guest.state.token?.token).not.toBe(first);
    expect(issuer.mints).toHaveLength(2);
  });

  it("notifies the guest of a sign-out, a revocation and another tenant", async () => {
    const { guest, host, issuer } = setUp();
    await guest.connect();
    await host.session.switchTenant("globex");
    await guest.settled();
    expect(guest.state.session?.tenantId).toBe("globex");
    issuer.revoke();
    await guest.settled();
    expect(guest.state).toMatchObject({ session: null, token: null });
    await expect(guest.callWith("getSessionToken", [])).rejects.toThrow(coded("SIGNED_OUT"));
    issuer.signIn({ userId: "bob" });
    await host.session.reload();
    await guest.settled();
    expect(guest.state.session?.userId).toBe("bob");
  });

  it("rejects with OFFLINE without a network, and with DENIED when the issuer refuses a token", async () => {
    const { guest, issuer } = setUp();
    await guest.connect();
    issuer.clock.sleep(60_000);
    issuer.offline();
    await expect(guest.callWith("getSessionToken", [])).rejects.toThrow(coded("OFFLINE"));
    issuer.offline(false);
    issuer.refuse("APP_NOT_ALLOWED");
    await expect(guest.callWith("getSessionToken", [])).rejects.toThrow(coded("DENIED"));
  });

  it("disconnects a guest that leaves, and welcomes the next one", async () => {
    const { guest, mount } = setUp();
    await guest.connect();
    const states: string[] = [];
    mount.subscribeState((state) => states.push(state));
    const call = expect(mount.call("refresh", 1)).rejects.toThrow(coded("CHANNEL_LOST"));
    guest.faults.navigate();
    await call;
    await guest.faults.reload();
    expect(states).toEqual(["connected", "lost", "connected"]);
  });

  it("reloads the app on request", async () => {
    const { guest, mount } = setUp();
    await guest.connect();
    mount.reload();
    await expect.poll(() => mount.state).toBe("connected");
    await expect(guest.call("getCustomer", "1")).resolves.toBeDefined();
  });

  it("refuses a guest with another protocol, and any guest after close", async () => {
    const { host, issuer } = setUp();
    const old = createTestGuest({ clock: issuer.clock, hello: { protocol: [98, 99] } });
    host.mount("orders", { place: old.place });
    await expect(old.connect()).rejects.toThrow(coded("HANDSHAKE_PROTOCOL_MISMATCH"));
    host.close();
    await expect(old.connect()).rejects.toThrow(coded("CONFIG_INVALID"));
    expect(() => host.mount("orders", { place: old.place })).toThrow(coded("CHANNEL_CLOSED"));
  });

  it("closes the channel of a guest that keeps violating the protocol", async () => {
    const { guest, mount } = setUp();
    await guest.connect();
    for (let count = 0; count < 32; count += 1) {
      guest.sendRaw([["state", "token", "mine"]] satisfies Frame[]);
      guest.sendRaw({ toString: 1 });
    }
    await guest.settled();
    expect(mount.state).toBe("lost");
    expect(guest.isConnected).toBe(false);
  });

  it("does not refill the token bucket of a guest that floods and sends hello again", async () => {
    const limits = { maxFramesPerSecond: 1, frameBurst: 3 };
    const { guest } = setUp({ limits });
    await guest.connect();
    await Promise.all([1, 2, 3].map((id) => guest.call("getCustomer", String(id))));
    await guest.faults.reload();
    await expect(guest.call("getCustomer", "4")).rejects.toThrow(coded("FRAME_RATE_EXCEEDED"));
  });

  it("reports an error of the host's own handler only to the host", async () => {
    const errors: unknown[] = [];
    const { guest } = setUp({
      methods: {
        getCustomer: () => {
          throw new Error("the database password is canary");
        },
      },
      onError: (error) => errors.push(error),
    });
    await guest.connect();
    await expect(guest.call("getCustomer", "1")).rejects.toThrow(
      expect.objectContaining({ code: "CALL_FAILED", message: "The method failed." }),
    );
    expect(errors).toHaveLength(1);
  });

  it.each([
    ["throws", () => never()],
    ["rejects", async () => never()],
  ])("reports a listener of the host that %s, and goes on to the next one", async (_what, fail) => {
    const errors: unknown[] = [];
    const { guest, host } = setUp({ onError: (error) => errors.push(error) });
    const seen: unknown[] = [];
    host.event.subscribe("order:verified", fail);
    host.event.subscribe("order:verified", (payload) => seen.push(payload));
    await guest.connect();
    guest.publish("order:verified", { orderId: 5 });
    await guest.settled();
    expect(seen).toEqual([{ orderId: 5 }]);
    expect(errors).toEqual([new RangeError("no such order")]);
  });

  it("leaves no timers after close", async () => {
    const { guest, host, issuer } = setUp();
    await guest.connect();
    guest.call("wait").catch(() => undefined);
    guest.close();
    host.close();
    await guest.settled();
    expect(issuer.clock.timers).toBe(0);
  });
});
