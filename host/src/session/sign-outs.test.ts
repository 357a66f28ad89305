/** Signing out while the issuer cannot store it. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BridgeError, toProblem } from "@breezeway/shared";
import type { Host } from "../index.ts";
import { createHostForTesting, createTestGuest, createTestIssuer } from "../testing.ts";
import type { HostTestHooks, TestIssuer } from "../testing.ts";

const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" };

interface World {
  readonly issuer: TestIssuer;
  /** The answer to `DELETE /session`; `undefined` passes it on. Mints write nothing, so they succeed. */
  fault: (() => Response) | undefined;
  /** The `DELETE /session` requests. */
  readonly signOuts: string[];
  hooks: HostTestHooks;
  /** Opens a page of the host. */
  open(): Host;
}

const hosts: Host[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
  vi.unstubAllGlobals();
});

function start(): World {
  const issuer = createTestIssuer();
  const world: World = {
    issuer,
    fault: undefined,
    signOuts: [],
    hooks: issuer.hooks,
    open() {
      const fetchFrom: typeof fetch = async (input, init) => {
        const { method } = new Request(input, { ...init, redirect: "follow" });
        if (method === "DELETE") {
          world.signOuts.push(method);
          if (world.fault) return world.fault();
        }
        return issuer.hostOptions.fetch(input, init);
      };
      const options = { ...issuer.hostOptions, fetch: fetchFrom, apps: [orders] };
      const host = createHostForTesting(options, world.hooks);
      hosts.push(host);
      return host;
    },
  };
  return world;
}

const refusal = (code: "STORE_UNAVAILABLE" | "RATE_LIMITED" | "INTERNAL_ERROR") => (): Response => {
  const problem = toProblem(new BridgeError(code, "full"), { requestId: "r" });
  return new Response(problem.body, { status: problem.status, headers: problem.headers });
};

const FAULTS: readonly [string, () => Response][] = [
  ["answers that its store takes no writes", refusal("STORE_UNAVAILABLE")],
  ["answers that there were too many requests", refusal("RATE_LIMITED")],
  ["fails", refusal("INTERNAL_ERROR")],
  [
    "cannot be reached",
    () => {
      throw new TypeError("no network");
    },
  ],
];

describe.each(FAULTS)("a sign-out while the issuer %s", (_name, fault) => {
  async function signOut(): Promise<World & { readonly host: Host }> {
    const world = start();
    const host = world.open();
    await host.session.ready;
    world.fault = fault;
    await expect(host.session.signOut()).rejects.toMatchObject({
      code: "OFFLINE",
      message: expect.stringContaining("The host retries") as string,
    });
    expect(host.session.current).toBeNull();
    return Object.assign(world, { host });
  }

  it("tells the caller, and ends the session once the issuer can store it", async () => {
    const world = await signOut();
    const { issuer, host } = world;
    await issuer.advance(2_000);
    expect([issuer.session?.userId, world.signOuts.length]).toEqual(["alice", 2]);
    world.fault = undefined;
    await issuer.advance(4_000);
    expect([issuer.session, world.signOuts.length]).toEqual([null, 3]);
    await issuer.advance(300_000);
    expect([world.signOuts.length, host.session.current]).toEqual([3, null]);
  });

  it("is kept over a reload of the page, whose guests get no token", async () => {
    const world = await signOut();
    const { issuer } = world;
    hosts.splice(0)[0]?.close();
    const reloaded = world.open();
    const guest = createTestGuest({ clock: issuer.clock });
    reloaded.mount("orders", { place: guest.place });
    await guest.connect();
    await reloaded.session.ready;
    expect([reloaded.session.answer.current, guest.state.session]).toEqual([null, null]);
    await expect(guest.callWith("getSessionToken", [])).rejects.toMatchObject({
      code: "SIGNED_OUT",
    });
    expect(issuer.mints).toEqual([]);
    await reloaded.session.reload();
    expect(reloaded.session.current).toBeNull();
    world.fault = undefined;
    await issuer.advance(30_000);
    expect(issuer.session).toBeNull();
    issuer.signIn({ handle: "s_next", userId: "bob" });
    await reloaded.session.reload();
    expect(reloaded.session.current?.userId).toBe("bob");
  });

  it("leaves the guests of the page without a token", async () => {
    const { issuer, host } = await signOut();
    const guest = createTestGuest({ clock: issuer.clock });
    host.mount("orders", { place: guest.place });
    await guest.connect();
    await expect(guest.callWith("getSessionToken", [])).rejects.toMatchObject({
      code: "SIGNED_OUT",
    });
    expect(issuer.mints).toEqual([]);
  });

  it("does not end the session of a later sign-in", async () => {
    const world = await signOut();
    const { issuer, host } = world;
    issuer.signIn({ handle: "s_next", userId: "bob" });
    world.fault = undefined;
    await host.session.reload();
    await issuer.advance(300_000);
    expect([issuer.session?.userId, host.session.current?.userId]).toEqual(["bob", "bob"]);
    expect(world.signOuts).toHaveLength(1);
  });

  it("retries after 2 s and with a backoff of up to 30 s, until the host is closed", async () => {
    const { issuer, host, signOuts } = await signOut();
    for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = signOuts.length;
      await issuer.advance(pauseMs - 1);
      expect(signOuts).toHaveLength(before);
      await issuer.advance(1);
      expect(signOuts).toHaveLength(before + 1);
    }
    host.close();
    const { length } = signOuts;
    await issuer.advance(300_000);
    expect(signOuts).toHaveLength(length);
  });
});

it("ends a session whose handle the page never learned, unless somebody signs in meanwhile", async () => {
  for (const isSignIn of [false, true]) {
    const world = start();
    const { issuer } = world;
    issuer.offline();
    const host = world.open();
    await host.session.ready;
    await expect(host.session.signOut()).rejects.toMatchObject({ code: "OFFLINE" });
    issuer.offline(false);
    if (isSignIn) await host.session.reload();
    await issuer.advance(4_000);
    expect(issuer.session === null).toBe(!isSignIn);
  }
});

it("does not retry a sign-out that the issuer denies", async () => {
  const world = start();
  const host = world.open();
  await host.session.ready;
  world.fault = () => Response.json({ reason: "csrf-rejected" }, { status: 403 });
  await expect(host.session.signOut()).rejects.toMatchObject({ code: "DENIED" });
  await world.issuer.advance(300_000);
  expect(world.signOuts).toHaveLength(1);
});

describe("the storage of the page", () => {
  async function signOutInBrowser(): Promise<World> {
    const world = start();
    const { signOutMemory: _none, ...hooks } = world.hooks;
    world.hooks = hooks;
    const host = world.open();
    await host.session.ready;
    world.fault = refusal("STORE_UNAVAILABLE");
    await expect(host.session.signOut()).rejects.toMatchObject({ code: "OFFLINE" });
    return world;
  }

  it("keeps the handle of the session until the issuer has confirmed its end", async () => {
    const stored = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
    const world = await signOutInBrowser();
    expect([...stored]).toEqual([
      ["breezeway signed-out https://host.test/auth", world.issuer.session?.handle],
    ]);
    hosts.splice(0)[0]?.close();
    const reloaded = world.open();
    await reloaded.session.ready;
    expect(reloaded.session.answer.current).toBeNull();
    world.fault = undefined;
    await world.issuer.advance(30_000);
    expect([world.issuer.session, [...stored]]).toEqual([null, []]);
  });

  it("may be blocked by the browser: the page then retries as long as it is open", async () => {
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    });
    const world = await signOutInBrowser();
    world.fault = undefined;
    await world.issuer.advance(2_000);
    expect(world.issuer.session).toBeNull();
  });
});
