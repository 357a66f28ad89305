import { BridgeError, decodeSessionToken, defineContract } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { callOptions, createAppBridge, type AppBridge } from "../index.ts";
import { createTestHost, type TestHost } from "../testing.ts";

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

const open: { close(): void }[] = [];
const use = <T extends { close(): void }>(host: T): T => {
  open.push(host);
  return host;
};

const coded = (code: string): unknown => expect.objectContaining({ code });

afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

const customerHost = (): TestHost<typeof contract> =>
  use(
    createTestHost({
      contract,
      methods: {
        getCustomer: (id) => ({ name: `Customer ${id}` }),
        wait: () => new Promise(() => undefined),
      },
      context: { customerId: "c-1042" },
      gateway: (request, { session }) =>
        Response.json({ path: new URL(request.url).pathname, user: session.userId }),
    }),
  );

describe("a method that the guest exposes and calls itself", () => {
  it("is answered by the guest when the host has no such method", async () => {
    const bridge = await use(createTestHost()).connect();
    const withdraw = bridge.method.expose("getCurrentTime", (zone: string) => [zone, new Date(0)]);
    await expect(bridge.method.call<[string, Date]>("getCurrentTime", "UTC")).resolves.toEqual([
      "UTC",
      new Date(0),
    ]);
    withdraw();
    await expect(bridge.method.call("getCurrentTime")).rejects.toThrow(
      coded("CALL_METHOD_UNKNOWN"),
    );
  });

  it("is answered by the host when the host has one", async () => {
    const bridge = await use(createTestHost({ methods: { where: () => "host" } })).connect();
    bridge.method.expose("where", () => "guest");
    await expect(bridge.method.call("where")).resolves.toBe("host");
  });

  it("receives the call's signal, and rejects with the function's own error", async () => {
    const bridge = await use(createTestHost()).connect();
    const { signal } = new AbortController();
    bridge.method.expose("signalOf", function () {
      return this.signal;
    });
    bridge.method.expose("fail", () => {
      throw new RangeError("too far");
    });
    await expect(bridge.method.call("signalOf", callOptions({ signal }))).resolves.toBe(signal);
    await expect(bridge.method.call("fail")).rejects.toThrow(RangeError);
  });

  it("rejects with CALL_METHOD_UNKNOWN when it calls itself without end", async () => {
    const bridge = await use(createTestHost()).connect();
    let calls = 0;
    bridge.method.expose("again", () => {
      calls += 1;
      return bridge.method.call("again");
    });
    await expect(bridge.method.call("again")).rejects.toThrow(coded("CALL_METHOD_UNKNOWN"));
    expect(calls).toBe(32);
  });

  it("is unknown to a bridge whose contract does not have it", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    bridge.method.expose("refresh", (count) => count);
    const untyped = bridge as unknown as AppBridge;
    await expect(untyped.method.call("refresh", 1)).rejects.toThrow(coded("CALL_METHOD_UNKNOWN"));
  });
});

it("the answer to bridge.ping cannot be replaced by a method of the page", async () => {
  const errors: unknown[] = [];
  const host = use(createTestHost());
  const bridge = await host.connect({ onError: (error) => errors.push(error) });
  bridge.method.expose("bridge.ping", () => "mine");
  expect(errors).toMatchObject([
    { code: "CALL_METHOD_UNKNOWN", message: '"bridge.ping" is not a valid method name.' },
  ]);
  await expect(host.call("bridge.ping")).resolves.toBe(true);
});

describe("a guest of the test host", () => {
  it("starts with the host's state and a token", async () => {
    const bridge = await customerHost().connect();
    expect(bridge.appId).toBe("test-app");
    expect(bridge.context.current).toEqual({ customerId: "c-1042" });
    expect(bridge.session.current).toMatchObject({ userId: "alice", tenantId: "acme" });
    expect(bridge.session.claims()?.claims).toMatchObject({ sub: "alice", aud: "test-app" });
    expect(bridge.can("customers:write")).toBe(true);
  });

  it("calls methods of the contract, and the host calls it", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    bridge.method.expose("refresh", (count) => count + 1);
    await expect(bridge.method.call("getCustomer", "7")).resolves.toEqual({ name: "Customer 7" });
    await expect(host.call("refresh", 1)).resolves.toBe(2);
    expect(host.calls).toEqual([{ method: "getCustomer", args: ["7"] }]);
  });

  it("is refused calls that the contract or its capabilities do not allow", async () => {
    const host = customerHost();
    host.capabilities.set([]);
    const bridge = await host.connect();
    await expect(bridge.method.call("deleteCustomer", "7")).rejects.toThrow(
      coded("CAPABILITY_MISSING"),
    );
    const anything: AppBridge = await createAppBridge({ ...host.bridgeOptions, contract: {} });
    await expect(anything.method.call("getCustomer", 7)).rejects.toThrow(
      coded("CALL_ARGUMENTS_INVALID"),
    );
    await expect(anything.method.call("toString")).rejects.toThrow(coded("CALL_METHOD_UNKNOWN"));
    anything.close();
  });

  it("exchanges events, and receives a retained event on late subscription", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.event.publish("customer:changed", { id: "c-1" });
    const seen: string[] = [];
    bridge.event.subscribe("customer:changed", ({ id }) => seen.push(id));
    bridge.event.publish("order:verified", { orderId: 5 });
    await host.settled();
    host.event.publish("customer:changed", { id: "c-2" });
    await host.settled();
    expect(seen).toEqual(["c-1", "c-2"]);
    expect(host.published).toEqual([{ topic: "order:verified", payload: { orderId: 5 } }]);
  });

  it("subscribes to and publishes topics of any form", async () => {
    const host = use(createTestHost());
    const bridge = await host.connect();
    const seen: unknown[] = [];
    bridge.event.subscribe("CustomerChanged", (customer) => seen.push(customer));
    bridge.event.publish("app/Orders.saved", 7);
    await host.settled();
    host.event.publish("CustomerChanged", { id: "c-1" });
    await host.settled();
    expect(seen).toEqual([{ id: "c-1" }]);
    expect(host.published).toEqual([{ topic: "app/Orders.saved", payload: 7 }]);
  });

  it.each(["", "1st", "has space", "x".repeat(129)])(
    "learns on onError, and not by an exception, that the name %j is malformed",
    async (name) => {
      const host = use(createTestHost());
      const bridge = await host.connect();
      bridge.event.subscribe(name, () => undefined)();
      bridge.event.publish(name, {});
      bridge.method.expose(name, () => undefined)();
      expect(host.errors).toEqual([
        coded("EVENT_TOPIC_INVALID"),
        coded("EVENT_TOPIC_INVALID"),
        coded("CALL_METHOD_UNKNOWN"),
      ]);
      await expect(bridge.method.call(name)).rejects.toThrow(coded("CALL_METHOD_UNKNOWN"));
      expect(bridge.state).toBe("connected");
    },
  );

  it("learns on onError that an asynchronous listener has failed", async () => {
    const host = use(createTestHost());
    const bridge = await host.connect();
    bridge.event.subscribe("CustomerChanged", async () => {
      throw new RangeError("no such customer");
    });
    await host.settled();
    host.event.publish("CustomerChanged", { id: "c-1" });
    await host.settled();
    expect(host.errors).toEqual([new RangeError("no such customer")]);
  });

  it.each(["rename", "confirm"])("knows whether it exposes %s", async (name) => {
    const bridge = await use(createTestHost()).connect();
    expect(bridge.method.isExposed(name)).toBe(false);
    bridge.method.expose(name, () => 1);
    const withdraw = bridge.method.expose(name, () => 2);
    expect(bridge.method.isExposed(name)).toBe(true);
    withdraw();
    expect(bridge.method.isExposed(name)).toBe(false);
    bridge.method.expose(name, () => 3);
    bridge.close();
    expect(bridge.method.isExposed(name)).toBe(false);
  });

  it("throws a TypeError for arguments that a compiler would refuse", async () => {
    const bridge = await use(createTestHost()).connect();
    const wrong = undefined as never;
    expect(() => bridge.event.subscribe("CustomerChanged", wrong)).toThrow(TypeError);
    expect(() => bridge.event.subscribe(wrong, () => undefined)).toThrow(TypeError);
    expect(() => bridge.event.publish(wrong, 1)).toThrow(TypeError);
    expect(() => bridge.method.expose("refresh", wrong)).toThrow(TypeError);
  });

  it("follows changes of context, theme, locale and session", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.context.set({ customerId: "c-2" });
    host.theme.set({ scheme: "dark" });
    host.locale.set("de-DE");
    host.session.switchTenant("globex");
    await host.settled();
    expect(bridge.context.current).toEqual({ customerId: "c-2" });
    expect(bridge.theme.current.scheme).toBe("dark");
    expect(bridge.locale.current).toBe("de-DE");
    expect(bridge.session.current?.tenantId).toBe("globex");
    expect(bridge.session.claims()?.claims).toMatchObject({ tenantId: "globex" });
  });

  it("reaches the gateway with a token that the gateway checks", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    const response = await bridge.fetch("/orders");
    await expect(response.json()).resolves.toEqual({ path: "/orders", user: "alice" });
    expect(host.requests).toEqual([
      { method: "GET", url: "https://gateway.test/orders", status: 200 },
    ]);
    const forged = await host.bridgeOptions.fetch?.("https://gateway.test/orders", {
      headers: { authorization: "Bearer a.b.c" },
    });
    expect(forged?.status).toBe(401);
  });

  it("notifies the host that its setup is complete", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    await bridge.method.call("setupCompleted", { shop: "s-1" });
    expect(host.setups).toEqual([{ shop: "s-1" }]);
  });

  it("receives a fresh token before the old one expires", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    const first = await bridge.getSessionToken();
    await host.advance(46_000);
    const second = await bridge.getSessionToken();
    expect(second).not.toBe(first);
    expect(host.tokens).toEqual([first, second]);
  });

  it("receives fresh tokens after a reconnect, too", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.faults.drop();
    await host.settled();
    const token = bridge.session.token.current;
    await host.advance(46_000);
    expect(bridge.session.token.current).not.toBe(token);
    expect(host.calls).toEqual([]);
  });

  it("leaves no timers behind when it closes", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    bridge.method.call("wait").catch(() => undefined);
    expect(host.clock.timers).toBeGreaterThan(0);
    bridge.close();
    await host.settled();
    expect(host.clock.timers).toBe(0);
  });
});

describe("the faults of the test host", () => {
  it("drop: calls in flight reject as retryable, and subscriptions are restored", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    const states: string[] = [];
    bridge.subscribeState((state) => states.push(state));
    bridge.event.subscribe("customer:changed", () => undefined);
    const call = bridge.method.call("wait");
    const lost = expect(call).rejects.toThrow(
      expect.objectContaining({ code: "CHANNEL_LOST", retryable: true }),
    );
    await host.settled();
    host.faults.drop();
    await lost;
    await host.settled();
    expect(states).toEqual(["connected", "lost", "connected"]);
    await expect(bridge.method.call("getCustomer", "1")).resolves.toBeDefined();
    expect([...host.subscriptions]).toEqual(["customer:changed"]);
  });

  it("away: the guest is lost until the host is back", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.faults.away();
    await host.settled();
    expect(bridge.state).toBe("lost");
    await expect(bridge.method.call("wait")).rejects.toThrow(coded("CHANNEL_LOST"));
    host.faults.away(false);
    await host.settled();
    expect(bridge.state).toBe("connected");
  });

  it("away: a guest that starts rejects after its timeout", async () => {
    const host = customerHost();
    host.faults.away();
    const failed = expect(host.connect({ handshakeTimeoutMs: 2_000 })).rejects.toThrow(
      coded("HANDSHAKE_TIMEOUT"),
    );
    await host.advance(2_000);
    await failed;
    expect(host.clock.timers).toBe(0);
  });

  it("refuse: the guest learns the code", async () => {
    const host = customerHost();
    host.faults.refuse("HANDSHAKE_REFUSED");
    await expect(host.connect()).rejects.toThrow(coded("HANDSHAKE_REFUSED"));
    host.faults.refuse(undefined);
    await expect(host.connect()).resolves.toBeDefined();
  });

  it("swallow: a call times out", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.faults.swallow();
    const call = bridge.method.call("getCustomer", "1", callOptions({ timeoutMs: 500 }));
    const timedOut = expect(call).rejects.toThrow(coded("CALL_TIMEOUT"));
    await host.advance(500);
    await timedOut;
  });

  it("delay: a call takes the delay in both directions", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.faults.delay(100);
    let answer: unknown;
    const call = async (): Promise<void> => {
      answer = await bridge.method.call("getCustomer", "1");
    };
    const called = call();
    await host.advance(199);
    expect(answer).toBeUndefined();
    await host.advance(1);
    expect(answer).toEqual({ name: "Customer 1" });
    await called;
  });

  it("expire: the gateway rejects the old token, and the guest never hands it out", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    const old = await bridge.getSessionToken();
    host.faults.expire();
    expect(await bridge.getSessionToken()).not.toBe(old);
    const response = await host.bridgeOptions.fetch?.("https://gateway.test/", {
      headers: { authorization: `Bearer ${old}` },
    });
    expect(await response?.json()).toMatchObject({ reason: "token-expired", action: "refresh" });
    expect((await bridge.fetch("/orders")).status).toBe(200);
  });

  it("revoke: the guest is signed out and its token is rejected", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    const old = await bridge.getSessionToken();
    host.faults.revoke();
    await host.settled();
    expect(bridge.session.current).toBeNull();
    await expect(bridge.getSessionToken()).rejects.toThrow(coded("SIGNED_OUT"));
    const response = await host.bridgeOptions.fetch?.("https://gateway.test/", {
      headers: { authorization: `Bearer ${old}` },
    });
    expect(await response?.json()).toMatchObject({ reason: "session-revoked", action: "login" });
  });

  it("offline and deny: a read of the token rejects with the reason", async () => {
    const host = customerHost();
    const bridge = await host.connect();
    host.faults.offline();
    host.faults.expire();
    await expect(bridge.getSessionToken()).rejects.toThrow(coded("OFFLINE"));
    host.faults.deny();
    await expect(bridge.getSessionToken()).rejects.toThrow(coded("DENIED"));
    host.faults.deny(false);
    await expect(bridge.getSessionToken()).resolves.toBeDefined();
  });

  it("reload: old bridges stay disconnected, and the new document's bridge works", async () => {
    const host = customerHost();
    const before = await host.connect();
    host.faults.reload();
    const after = await host.connect();
    await expect(after.method.call("getCustomer", "1")).resolves.toBeDefined();
    expect(before.state).toBe("lost");
    expect(BridgeError.is(await before.method.call("wait").catch((error) => error))).toBe(true);
  });
});

it("a bridge is closed where `using` ends", async () => {
  const host = customerHost();
  let kept: AppBridge<typeof contract>;
  {
    using bridge = await host.connect();
    kept = bridge;
    expect(bridge.state).toBe("connected");
  }
  expect(kept.state).toBe("closed");
  await host.settled();
  expect(host.isConnected).toBe(false);
});

describe("scopes", () => {
  const OPTIONS = { scopes: ["orders:read"], optionalScopes: ["orders:export"] };
  const scopeOf = (token: string): unknown => decodeSessionToken(token).claims["scope"];

  it("are granted by the user of the test, and are in the next token", async () => {
    const host = createTestHost(OPTIONS);
    const bridge = await host.connect();
    expect(await bridge.scopes.query()).toEqual({
      granted: ["orders:read"],
      required: ["orders:read"],
      optional: ["orders:export"],
    });
    expect(await bridge.scopes.request(["orders:read"])).toBe("granted");
    expect(host.ui.scopeRequests).toEqual([]);
    expect(await bridge.scopes.request(["orders:read", "orders:export"])).toBe("granted");
    expect(host.ui.scopeRequests).toEqual([["orders:export"]]);
    expect(scopeOf(await bridge.getSessionToken())).toBe("orders:read orders:export");
    host.close();
  });

  it.each(["declined", "asked-admin"] as const)(
    "are not granted when they are %s",
    async (answer) => {
      const host = createTestHost({ ...OPTIONS, ui: { requestScopes: () => answer } });
      const bridge = await host.connect();
      expect(await bridge.scopes.request(["orders:export"])).toBe(answer);
      expect(scopeOf(await bridge.getSessionToken())).toBe("orders:read");
      host.close();
    },
  );

  it("that the manifest does not list are refused, and so is every call of a closed bridge", async () => {
    const host = createTestHost(OPTIONS);
    const bridge = await host.connect();
    await expect(bridge.scopes.request(["orders:destroy"])).rejects.toMatchObject({
      code: "CALL_ARGUMENTS_INVALID",
    });
    bridge.close();
    await expect(bridge.scopes.query()).rejects.toMatchObject({ code: "CHANNEL_CLOSED" });
    host.close();
  });
});
