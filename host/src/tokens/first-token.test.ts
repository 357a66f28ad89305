/** Tests when a host mints the first token of a frame, and what happens to it until its guest says hello. */
import { decodeSessionToken } from "@breezeway/shared";
import { nextTask } from "@breezeway/shared/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../index.ts";
import {
  createTokenWorld,
  mountGuest,
  orders,
  type TokenWorld,
  type TokenWorldOptions,
} from "../../test-support/token-world.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  soloTabs,
  type TestGuest,
  type TestGuestOptions,
} from "../testing.ts";

const KEY = `${"a".repeat(42)}A`;
const MINUTE_MS = 60_000;

const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

/** Whose token the guest holds and which session it shows, once all messages have arrived. */
async function identities({ issuer }: TokenWorld, guest: TestGuest): Promise<readonly unknown[]> {
  await issuer.advance(0);
  await guest.settled();
  const { token, session } = guest.state;
  const claims = token ? decodeSessionToken(token.token).claims : undefined;
  return [claims?.["sub"], claims?.["tenantId"], session?.userId, session?.tenantId];
}

describe("the first token of a frame", () => {
  it("is asked for at the mount, waits in the host, and is in the welcome", async () => {
    const world = await createTokenWorld();
    const guest = mountGuest(world);
    await world.issuer.advance(0);
    expect(world.asked).toEqual(["orders"]);
    expect(guest.state.token).toBeUndefined();
    const { token } = await guest.connect();
    expect(decodeSessionToken(token?.token ?? "").claims).toMatchObject({ aud: "orders" });
    expect(await guest.call("getSessionToken")).toBe(token?.token);
    expect(world.asked).toEqual(["orders"]);
  });

  it("waits for no other tab: only what a guest waits for is minted in one tab at a time", async () => {
    const names: string[] = [];
    const exclusively = (name: string): Promise<never> => {
      names.push(name);
      return new Promise(() => undefined);
    };
    const world = await createTokenWorld({ hooks: { tabs: { ...soloTabs(), exclusively } } });
    const guest = mountGuest(world);
    expect((await guest.connect()).token).not.toBeNull();
    expect(names).toEqual([]);
    world.issuer.clock.sleep(MINUTE_MS);
    guest.call("getSessionToken").catch(() => undefined);
    await guest.settled();
    expect(names).toEqual(["mint orders"]);
  });

  it("that is late delays neither welcome nor calls, and is pushed once it is there", async () => {
    const world = await createTokenWorld();
    world.hold();
    const guest = mountGuest(world);
    const welcome = await guest.connect();
    expect(welcome).toMatchObject({ token: null, session: { userId: "alice" } });
    expect(await guest.call("echo", "callable")).toBe("callable");
    const asking = guest.call("getSessionToken");
    await guest.settled();
    await world.answer();
    expect(await asking).toBe(guest.state.token?.token);
    expect(world.asked).toEqual(["orders"]);
  });

  it.each<{
    readonly title: string;
    readonly world?: TokenWorldOptions;
    readonly guest?: TestGuestOptions;
    /** How often the issuer was asked after the mount, and after the hello. */
    readonly mints: readonly [mounted: number, greeted: number];
  }>([
    { title: "is minted once for a guest that wants tokens", mints: [1, 1] },
    {
      title: "is minted once for a guest that asks when it needs one",
      guest: { autoRefresh: false },
      mints: [1, 1],
    },
    {
      title: "is not minted before the hello for an app that must name a key",
      world: { options: { apps: [{ ...orders, proofRequired: true }] } },
      guest: { hello: { proofKeyThumbprint: KEY } },
      mints: [0, 1],
    },
    {
      title: "is not minted for an app that gets no tokens",
      world: { options: { withholdTokens: () => true } },
      mints: [0, 0],
    },
    {
      title: "is not minted ahead in a page that nobody sees",
      world: { isVisible: false },
      mints: [0, 0],
    },
  ])("$title", async ({ world: given, guest: options, mints }) => {
    const world = await createTokenWorld(given);
    const guest = mountGuest(world, options);
    await world.issuer.advance(0);
    const mounted = world.asked.length;
    await guest.connect();
    await world.issuer.advance(0);
    expect([mounted, world.asked.length]).toEqual(mints);
  });

  it("is minted in a page that nobody sees when its guest asks, or when the page is shown", async () => {
    for (const use of ["ask", "show"]) {
      const world = await createTokenWorld({ isVisible: false });
      const guest = mountGuest(world);
      await guest.connect();
      if (use === "ask") await guest.call("getSessionToken");
      else world.setVisible();
      expect(await identities(world, guest)).toEqual(["alice", "acme", "alice", "acme"]);
      expect(world.asked).toEqual(["orders"]);
    }
  });

  it("is minted once for several frames of an app, and a frame that says no hello gets no other", async () => {
    const world = await createTokenWorld();
    const guests = [mountGuest(world), mountGuest(world), mountGuest(world)];
    await world.issuer.advance(10 * MINUTE_MS);
    expect(world.asked).toEqual(["orders"]);
    for (const guest of guests) await guest.connect();
    await world.issuer.advance(0);
    expect(world.asked).toEqual(["orders", "orders"]);
  });

  it.each<readonly [string, (world: TokenWorld) => unknown]>([
    ["the tenant changes", ({ host }) => host.session.switchTenant("globex")],
    ["the user signs out", ({ host }) => host.session.signOut()],
    [
      "the user signs in as another",
      async ({ host, issuer }) => {
        issuer.signIn({ userId: "bob" });
        await host.session.reload();
      },
    ],
  ])("of a frame that says no hello is not minted again when %s", async (_title, change) => {
    for (const isLate of [false, true]) {
      const world = await createTokenWorld();
      if (isLate) world.hold();
      mountGuest(world);
      await world.issuer.advance(0);
      await change(world);
      await world.answer();
      await world.issuer.advance(MINUTE_MS);
      expect(world.asked).toEqual(["orders"]);
    }
  });

  it("is dropped when the last frame of its app ends, and not when another one begins in the same task", async () => {
    const world = await createTokenWorld();
    const first = world.host.mount("orders", { place: createTestGuest().place });
    first.close();
    const second = world.host.mount("orders", { place: createTestGuest().place });
    await world.issuer.advance(0);
    expect(world.asked).toEqual(["orders"]);
    second.close();
    await world.issuer.advance(0);
    mountGuest(world);
    await world.issuer.advance(0);
    expect(world.asked).toEqual(["orders", "orders"]);
  });

  it("is dropped when it arrives after the last frame of its app has ended", async () => {
    const world = await createTokenWorld();
    world.hold();
    const mount = world.host.mount("orders", { place: createTestGuest().place });
    await world.issuer.advance(0);
    mount.close();
    await world.answer();
    mountGuest(world);
    await world.issuer.advance(0);
    expect(world.asked).toEqual(["orders", "orders"]);
  });
});

describe("a first token that the issuer fails to mint", () => {
  it("is asked for once more at the hello, and again with backoff; the guest learns why", async () => {
    const world = await createTokenWorld();
    world.issuer.offline();
    const guest = mountGuest(world);
    await world.issuer.advance(0);
    expect(world.asked).toHaveLength(1);
    expect(await guest.connect()).toMatchObject({ token: null });
    expect(await guest.call("echo", 1)).toBe(1);
    await world.issuer.advance(0);
    expect(world.asked).toHaveLength(2);
    await expect(guest.call("getSessionToken")).rejects.toMatchObject({ code: "OFFLINE" });
    world.issuer.offline(false);
    await world.issuer.advance(MINUTE_MS);
    expect(await identities(world, guest)).toEqual(["alice", "acme", "alice", "acme"]);
  });

  it("is not asked for again after a refusal, whose reason the guest learns", async () => {
    const world = await createTokenWorld();
    world.issuer.refuse("APP_NOT_ALLOWED");
    const guest = mountGuest(world);
    expect(await guest.connect()).toMatchObject({ token: null });
    await expect(guest.call("getSessionToken")).rejects.toMatchObject({ code: "DENIED" });
    expect(world.asked).toHaveLength(1);
  });
});

describe.each([false, true])("between mint and hello (a late answer: %s)", (isLate) => {
  it.each<readonly [string, (world: TokenWorld) => unknown, readonly unknown[]]>([
    [
      "a tenant switch",
      ({ host }) => host.session.switchTenant("globex"),
      ["alice", "globex", "alice", "globex"],
    ],
    [
      "a sign-out",
      ({ host }) => host.session.signOut(),
      [undefined, undefined, undefined, undefined],
    ],
    [
      "a sign-in as another user",
      async ({ host, issuer }) => {
        issuer.signIn({ userId: "bob" });
        await host.session.reload();
      },
      ["bob", "acme", "bob", "acme"],
    ],
  ])("%s throws the token away", async (_title, change, expected) => {
    const world = await createTokenWorld();
    if (isLate) world.hold();
    const guest = mountGuest(world);
    await world.issuer.advance(0);
    await change(world);
    const { token } = await guest.connect();
    expect(token).toBeNull();
    await world.answer();
    expect(await identities(world, guest)).toEqual(expected);
  });
});

it("gives no guest a token that was minted for another session than the first one that the host learns of", async () => {
  const asked = Promise.withResolvers<void>();
  const issuer = createTestIssuer();
  const { fetch: answerOf } = issuer.hostOptions;
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      apps: [orders],
      async fetch(input, init) {
        const request = new Request(input, { ...init, redirect: "follow" });
        if (request.url.endsWith("/auth/session")) await asked.promise;
        return answerOf(request);
      },
    },
    issuer.hooks,
  );
  open.push(host);
  const guest = createTestGuest({ clock: issuer.clock });
  host.mount("orders", { place: guest.place });
  await issuer.advance(0);
  expect(issuer.mints).toEqual(["orders"]);
  // Another tab signs in while the page still asks who is signed in.
  issuer.signIn({ userId: "bob" });
  asked.resolve();
  const welcome = await guest.connect();
  expect(welcome).toMatchObject({ session: { userId: "bob" }, token: null });
  await issuer.advance(0);
  await guest.settled();
  expect(decodeSessionToken(guest.state.token?.token ?? "").claims["sub"]).toBe("bob");
});

it("loses no token and no state that changes in any moment of the welcome", async () => {
  for (let step = 0; step < 40; step += 1) {
    const world = await createTokenWorld();
    world.hold();
    const guest = mountGuest(world);
    await world.issuer.advance(0);
    const connecting = guest.connect();
    void afterPromises(step, () => {
      world.host.locale.set("fr");
      for (const arrive of world.waiting.splice(0)) arrive();
    });
    await connecting;
    await world.issuer.advance(0);
    await guest.settled();
    expect([step, guest.state.locale, guest.state.token?.token]).toEqual([
      step,
      "fr",
      expect.any(String),
    ]);
  }
});

/** Acts after a number of turns, each a task or a promise in it, so as to meet each step of other code. */
async function afterPromises(steps: number, act: () => void): Promise<void> {
  for (let task = 0; task < steps % 4; task += 1) await nextTask();
  for (let turn = 0; turn < steps / 4; turn += 1) await Promise.resolve();
  act();
}
