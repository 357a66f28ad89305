import { BridgeError } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import type { Host, HostOptions, Installation } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  soloTabs,
  type HostTestHooks,
  type TabMessage,
  type TestIssuer,
} from "../testing.ts";

const orders = {
  id: "orders",
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.test/app",
  placements: [{ type: "setup" as const, path: "/first-steps" }],
};
const plain = { id: "plain", name: "Plain", version: "1.0.0", url: "https://plain.test/" };

const INSTALLATION: Installation = {
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

function open(options: Partial<HostOptions> = {}, hooks: HostTestHooks = {}): Host {
  issuer = createTestIssuer();
  requests = [];
  answer = (path) =>
    Response.json(
      path === "/auth/installations"
        ? { installations: [INSTALLATION] }
        : { installation: INSTALLATION },
    );
  host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [orders, plain],
      ...options,
      fetch: async (input, init) => {
        const request = new Request(input, { ...init, redirect: "follow" });
        const { pathname } = new URL(request.url);
        if (!pathname.startsWith("/auth/installations"))
          return issuer.hostOptions.fetch(input, init);
        const body: unknown = request.body ? await request.json() : undefined;
        requests.push({ path: pathname, body });
        return answer(pathname);
      },
    },
    { ...issuer.hooks, ...hooks },
  );
  return host;
}

describe("grants of the tenant", () => {
  it("are listed and set for the tenant that the page shows", async () => {
    const { installations } = open();
    const granted = { appId: "orders", tenantId: "acme", scopes: ["orders:read"], appRevision: 1 };
    const full = { ...granted, changedAtSeconds: 7 };
    answer = (path) =>
      Response.json(path.endsWith("/grants") ? { grants: [full], wishes: [] } : { grant: full });
    expect(await installations.grants()).toEqual([full]);
    expect(await installations.grant("orders", ["orders:read"])).toEqual(full);
    expect(requests).toEqual([
      { path: "/auth/installations/grants", body: undefined },
      {
        path: "/auth/installations/grant",
        body: { appId: "orders", tenantId: "acme", scopes: ["orders:read"] },
      },
    ]);
  });

  it("reject an answer of another form", async () => {
    const { installations } = open();
    answer = () => Response.json({ grant: { appId: "orders" } });
    await expect(installations.grant("orders", [])).rejects.toMatchObject({ code: "OFFLINE" });
    await expect(installations.grants()).rejects.toMatchObject({ code: "OFFLINE" });
  });
});

describe("installations of the tenant", () => {
  it("are listed and changed for the tenant that the page shows", async () => {
    const { installations } = open();
    expect(await installations.list()).toEqual([INSTALLATION]);
    expect(await installations.install("orders")).toEqual(INSTALLATION);
    await installations.retry("orders");
    await installations.uninstall("orders");
    const body = { appId: "orders", tenantId: "acme" };
    expect(requests).toEqual([
      { path: "/auth/installations", body: undefined },
      { path: "/auth/installations/install", body },
      { path: "/auth/installations/retry", body },
      { path: "/auth/installations/uninstall", body },
    ]);
  });

  it("notify listeners of the page's own commands, and of a new session or tenant", async () => {
    const { installations, session } = open();
    await session.ready;
    let changes = 0;
    const stop = installations.subscribe(() => (changes += 1));
    await installations.install("orders");
    expect(changes).toBe(1);
    await session.switchTenant("globex");
    expect(changes).toBe(2);
    stop();
    await installations.uninstall("orders");
    expect(changes).toBe(2);
  });

  function openWithStreams() {
    const streams: Map<string, () => void>[] = [];
    const posted: string[] = [];
    let listener: (message: TabMessage) => void = () => undefined;
    open(
      {},
      {
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
      },
    );
    return { streams, posted, hear: (message: TabMessage) => listener(message) };
  }

  it("notify listeners of the issuer's events, and pass them on to the other tabs", async () => {
    const { streams, posted, hear } = openWithStreams();
    const { installations, session } = host;
    await session.ready;
    let changes = 0;
    installations.subscribe(() => (changes += 1));
    streams[0]?.get("installations-changed")?.();
    expect([changes, posted]).toEqual([1, ["installations"]]);
    hear({ type: "installations" });
    expect([changes, posted]).toEqual([2, ["installations"]]);
  });

  it("notify listeners of each stream that opens, since earlier events are not replayed", async () => {
    const { streams, posted } = openWithStreams();
    const { installations, session } = host;
    await session.ready;
    const seen: string[] = [];
    installations.subscribe(() => {
      void installations.list().then(([installation]) => seen.push(installation?.state ?? "none"));
    });
    answer = () => Response.json({ installations: [{ ...INSTALLATION, state: "installed" }] });
    streams[0]?.get("open")?.();
    await expect.poll(() => seen).toEqual(["installed"]);
    streams[0]?.get("open")?.();
    await expect.poll(() => seen).toEqual(["installed", "installed"]);
    expect(posted).toEqual(["installations", "installations"]);
  });

  it("notify every listener although one throws, and guests still lose an ended session", async () => {
    const errors: unknown[] = [];
    const { installations, session } = open({ onError: (error) => void errors.push(error) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    const broken = new Error("the page has a fault");
    let changes = 0;
    installations.subscribe(() => {
      throw broken;
    });
    installations.subscribe(() => (changes += 1));
    expect(await installations.install("orders")).toEqual(INSTALLATION);
    await session.signOut();
    expect([changes, errors]).toEqual([2, [broken, broken]]);
    await expect
      .poll(() => [guest.state.session, guest.state.token], { interval: 5 })
      .toEqual([null, null]);
  });

  it("notify a listener once even if it subscribes again in each call", async () => {
    const { installations, session } = open();
    await session.ready;
    let changes = 0;
    const listen = (): void => {
      const stop = installations.subscribe(() => {
        stop();
        changes += 1;
        if (changes < 100) listen();
      });
    };
    listen();
    await installations.install("orders");
    expect(changes).toBe(1);
  });

  it("reject with the issuer's error, and with SIGNED_OUT after a sign-out", async () => {
    const { installations, session } = open();
    answer = () => Response.json({ reason: "scope-missing" }, { status: 403 });
    await expect(installations.install("orders")).rejects.toMatchObject({
      code: "DENIED",
      details: { reason: "scope-missing" },
    });
    await session.signOut();
    await expect(installations.install("orders")).rejects.toMatchObject({ code: "SIGNED_OUT" });
  });

  it("reject with OFFLINE when a response has another shape", async () => {
    const { installations } = open();
    answer = () => Response.json({ installations: [{ ...INSTALLATION, state: "great" }] });
    await expect(installations.list()).rejects.toMatchObject({ code: "OFFLINE" });
    answer = () => Response.json({ installation: { ...INSTALLATION, id: "" } });
    await expect(installations.install("orders")).rejects.toMatchObject({ code: "OFFLINE" });
  });
});

describe("a setup page", () => {
  it("is the page that the manifest names, and completes the installation before the host and the guest are notified", async () => {
    const order: string[] = [];
    open({
      onSetupCompleted: (app, result) =>
        void order.push(`host heard ${app.id} ${JSON.stringify(result)}`),
    });
    answer = (path) => {
      order.push(path);
      return Response.json({ installation: { ...INSTALLATION, state: "installed" } });
    };
    const guest = createTestGuest({ clock: issuer.clock });
    host.installations.setup("orders", { place: guest.place });
    await guest.connect();
    expect(guest.url).toBe("https://orders.test/first-steps");
    expect(guest.state.context).toEqual({ placement: "setup" });
    await guest.callWith("setupCompleted", [{ plan: "basic" }]);
    order.push("guest heard");
    expect(order).toEqual([
      "/auth/installations/setup-completed",
      'host heard orders {"plan":"basic"}',
      "guest heard",
    ]);
  });

  it("completes only the setup of the tenant in which it was opened", async () => {
    open();
    const guest = createTestGuest({ clock: issuer.clock });
    await host.session.ready;
    host.installations.setup("orders", { place: guest.place });
    await guest.connect();
    await host.session.switchTenant("globex");
    await guest.callWith("setupCompleted", []);
    expect(requests[0]?.body).toEqual({ appId: "orders", tenantId: "acme" });
  });

  it("reports the issuer's refusal to its guest, and calls no handler of the host", async () => {
    let heard = 0;
    open({ onSetupCompleted: () => void (heard += 1) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.installations.setup("orders", { place: guest.place });
    await guest.connect();
    answer = () => Response.json({ reason: "installation-conflict" }, { status: 409 });
    await expect(guest.callWith("setupCompleted", [])).rejects.toMatchObject({ code: "DENIED" });
    answer = () => new Response(null, { status: 503 });
    await expect(guest.callWith("setupCompleted", [])).rejects.toMatchObject({ code: "OFFLINE" });
    expect(heard).toBe(0);
  });

  it("sends a bounded number of requests, with any number of frames and reloads", async () => {
    open();
    let [completed, refused] = [0, 0];
    for (let frame = 0; frame < 2; frame += 1) {
      const guest = createTestGuest({ clock: issuer.clock });
      host.installations.setup("orders", { place: guest.place });
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

  it("is only the page that the manifest names: on other pages setupCompleted only calls the host's handler", async () => {
    let heard = 0;
    open({ onSetupCompleted: () => void (heard += 1) });
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place, placement: "setup" });
    await guest.connect();
    await guest.callWith("setupCompleted", []);
    expect([heard, requests]).toEqual([1, []]);
  });

  it("is refused for an app without a setup page, and for an unknown app", () => {
    open();
    const { place } = createTestGuest({ clock: issuer.clock });
    const codeOf = (appId: string): string => {
      try {
        host.installations.setup(appId, { place });
        return "mounted";
      } catch (error) {
        return BridgeError.is(error) ? error.code : String(error);
      }
    };
    expect(codeOf("plain")).toBe("CONFIG_INVALID");
    expect(codeOf("nothing")).toBe("APP_UNKNOWN");
  });
});
