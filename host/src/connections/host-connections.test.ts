import { BridgeError } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import {
  createHost,
  soloTabs,
  type Connection,
  type Host,
  type HostOptions,
  type TabMessage,
} from "../index.ts";
import { createTestGuest, createTestIssuer, type TestIssuer } from "../testing.ts";

const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app",
  placements: [{ type: "setup" as const, path: "/first-steps" }],
};
const plain = { id: "plain", name: "Plain", version: "1.0.0", url: "https://plain.test/" };

const CONNECTION: Connection = {
  id: "one",
  appId: "orders",
  tenantId: "acme",
  state: "setup",
  createdAtSeconds: 1,
  changedAtSeconds: 2,
};

let host: Host;
let issuer: TestIssuer;
let requests: { readonly path: string; readonly body: unknown }[];
let answer: (path: string) => Response | Promise<Response>;
afterEach(() => host.close());

function open(options: Partial<HostOptions> = {}): Host {
  issuer = createTestIssuer();
  requests = [];
  answer = (path) =>
    Response.json(
      path === "/auth/connections" ? { connections: [CONNECTION] } : { connection: CONNECTION },
    );
  host = createHost({
    ...issuer.hostOptions,
    apps: [orders, plain],
    ...options,
    fetch: async (input, init) => {
      const request = new Request(input, { ...init, redirect: "follow" });
      const { pathname } = new URL(request.url);
      if (!pathname.startsWith("/auth/connections")) return issuer.hostOptions.fetch!(input, init);
      const body: unknown = request.body ? await request.json() : undefined;
      requests.push({ path: pathname, body });
      return answer(pathname);
    },
  });
  return host;
}

describe("connections of the tenant", () => {
  it("are asked for, and changed, by the tenant that this page shows", async () => {
    const { connections } = open();
    expect(await connections.list()).toEqual([CONNECTION]);
    expect(await connections.connect("orders")).toEqual(CONNECTION);
    await connections.retry("orders");
    await connections.disconnect("orders");
    const body = { appId: "orders", tenantId: "acme" };
    expect(requests).toEqual([
      { path: "/auth/connections", body: undefined },
      { path: "/auth/connections/connect", body },
      { path: "/auth/connections/retry", body },
      { path: "/auth/connections/disconnect", body },
    ]);
  });

  it("tell their listeners of what this page does, and of another session or tenant", async () => {
    const { connections, session } = open();
    await session.ready;
    let changes = 0;
    const stop = connections.subscribe(() => (changes += 1));
    await connections.connect("orders");
    expect(changes).toBe(1);
    await session.switchTenant("globex");
    expect(changes).toBe(2);
    stop();
    await connections.disconnect("orders");
    expect(changes).toBe(2);
  });

  function openWithStreams() {
    const streams: Map<string, () => void>[] = [];
    const posted: string[] = [];
    let listener: (message: TabMessage) => void = () => undefined;
    open({
      openStream() {
        const listeners = new Map<string, () => void>();
        streams.push(listeners);
        return {
          readyState: 1,
          addEventListener: (type, heard) => void listeners.set(type, () => heard({})),
          close: () => undefined,
        };
      },
      tabs: {
        ...soloTabs(),
        post: ({ type }) => void posted.push(type),
        subscribe(subscribed) {
          listener = subscribed;
          return () => undefined;
        },
      },
    });
    return { streams, posted, hear: (message: TabMessage) => listener(message) };
  }

  it("tell them of what the issuer says, and pass it on to the other tabs", async () => {
    const { streams, posted, hear } = openWithStreams();
    const { connections, session } = host;
    await session.ready;
    let changes = 0;
    connections.subscribe(() => (changes += 1));
    streams[0]?.get("connections-changed")?.();
    expect([changes, posted]).toEqual([1, ["connections"]]);
    hear({ type: "connections" });
    expect([changes, posted]).toEqual([2, ["connections"]]);
  });

  it("tell them of each stream that opens: what came before it, nobody says", async () => {
    const { streams, posted } = openWithStreams();
    const { connections, session } = host;
    await session.ready;
    const seen: string[] = [];
    connections.subscribe(() => {
      void connections.list().then(([connection]) => seen.push(connection?.state ?? "none"));
    });
    answer = () => Response.json({ connections: [{ ...CONNECTION, state: "connected" }] });
    streams[0]?.get("open")?.();
    await expect.poll(() => seen).toEqual(["connected"]);
    streams[0]?.get("open")?.();
    await expect.poll(() => seen).toEqual(["connected", "connected"]);
    expect(posted).toEqual(["connections", "connections"]);
  });

  it("are told to every listener though one throws, and guests lose an ended session all the same", async () => {
    const errors: unknown[] = [];
    const { connections, session } = open({ onError: (error) => void errors.push(error) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    const broken = new Error("the page has a fault");
    let changes = 0;
    connections.subscribe(() => {
      throw broken;
    });
    connections.subscribe(() => (changes += 1));
    expect(await connections.connect("orders")).toEqual(CONNECTION);
    await session.signOut();
    expect([changes, errors]).toEqual([2, [broken, broken]]);
    await expect
      .poll(() => [guest.state.session, guest.state.token], { interval: 5 })
      .toEqual([null, null]);
  });

  it("are told once to a listener that subscribes anew each time", async () => {
    const { connections, session } = open();
    await session.ready;
    let changes = 0;
    const listen = (): void => {
      const stop = connections.subscribe(() => {
        stop();
        changes += 1;
        if (changes < 100) listen();
      });
    };
    listen();
    await connections.connect("orders");
    expect(changes).toBe(1);
  });

  it("are refused with what the issuer said, and with nobody signed in", async () => {
    const { connections, session } = open();
    answer = () => Response.json({ reason: "scope-missing" }, { status: 403 });
    await expect(connections.connect("orders")).rejects.toMatchObject({
      code: "DENIED",
      details: { reason: "scope-missing" },
    });
    await session.signOut();
    await expect(connections.connect("orders")).rejects.toMatchObject({ code: "SIGNED_OUT" });
  });

  it("are not what an answer of another form says", async () => {
    const { connections } = open();
    answer = () => Response.json({ connections: [{ ...CONNECTION, state: "great" }] });
    await expect(connections.list()).rejects.toMatchObject({ code: "OFFLINE" });
    answer = () => Response.json({ connection: { ...CONNECTION, id: "" } });
    await expect(connections.connect("orders")).rejects.toMatchObject({ code: "OFFLINE" });
  });
});

describe("a setup page", () => {
  it("is the one that the manifest names, and completes the connection before anybody hears", async () => {
    const order: string[] = [];
    open({
      onSetupCompleted: (app, result) =>
        void order.push(`host heard ${app.id} ${JSON.stringify(result)}`),
    });
    answer = (path) => {
      order.push(path);
      return Response.json({ connection: { ...CONNECTION, state: "connected" } });
    };
    const guest = createTestGuest({ clock: issuer.clock });
    host.connections.setup("orders", { place: guest.place });
    await guest.connect();
    expect(guest.url).toBe("https://orders.test/first-steps");
    expect(guest.state.context).toEqual({ placement: "setup" });
    await guest.callWith("setupCompleted", [{ plan: "basic" }]);
    order.push("guest heard");
    expect(order).toEqual([
      "/auth/connections/setup-completed",
      'host heard orders {"plan":"basic"}',
      "guest heard",
    ]);
  });

  it("that was opened in one tenant does not complete the setup of another", async () => {
    open();
    const guest = createTestGuest({ clock: issuer.clock });
    await host.session.ready;
    host.connections.setup("orders", { place: guest.place });
    await guest.connect();
    await host.session.switchTenant("globex");
    await guest.callWith("setupCompleted", []);
    expect(requests[0]?.body).toEqual({ appId: "orders", tenantId: "acme" });
  });

  it("tells its guest when the issuer does not take it, and the host nothing", async () => {
    let heard = 0;
    open({ onSetupCompleted: () => void (heard += 1) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.connections.setup("orders", { place: guest.place });
    await guest.connect();
    answer = () => Response.json({ reason: "connection-conflict" }, { status: 409 });
    await expect(guest.callWith("setupCompleted", [])).rejects.toMatchObject({ code: "DENIED" });
    answer = () => new Response(null, { status: 503 });
    await expect(guest.callWith("setupCompleted", [])).rejects.toMatchObject({ code: "OFFLINE" });
    expect(heard).toBe(0);
  });

  it("does not make a flood of requests, by however many frames and reloads", async () => {
    open();
    let [completed, refused] = [0, 0];
    for (let frame = 0; frame < 2; frame += 1) {
      const guest = createTestGuest({ clock: issuer.clock });
      host.connections.setup("orders", { place: guest.place });
      await guest.connect();
      for (let turn = 0; turn < 20; turn += 1) {
        await guest.callWith("setupCompleted", []).then(
          () => (completed += 1),
          (error: { code: string }) => (refused += Number(error.code === "CALL_LIMIT_EXCEEDED")),
        );
      }
    }
    expect([completed, refused, requests.length]).toEqual([5, 35, 5]);
  });

  it("is no other page of the app: setupCompleted there reaches the host alone", async () => {
    let heard = 0;
    open({ onSetupCompleted: () => void (heard += 1) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place, placement: "setup" });
    await guest.connect();
    await guest.callWith("setupCompleted", []);
    expect([heard, requests]).toEqual([1, []]);
  });

  it("is refused for an app without one, and for no app", () => {
    open();
    const { place } = createTestGuest({ clock: issuer.clock });
    const codeOf = (appId: string): string => {
      try {
        host.connections.setup(appId, { place });
        return "mounted";
      } catch (error) {
        return BridgeError.is(error) ? error.code : String(error);
      }
    };
    expect(codeOf("plain")).toBe("CONFIG_INVALID");
    expect(codeOf("nothing")).toBe("APP_UNKNOWN");
  });
});
