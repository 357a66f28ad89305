/**
 * Runs a real host and four real guests for an hour on a clock that the test advances, with all faults
 * that an hour can bring.
 */
import { decodeSessionToken, type AppBridge } from "@breezeway/guest";
import { createAppBridgeForTesting } from "@breezeway/guest/testing";
import type { Host } from "@breezeway/host";
import { createHostForTesting, createTestIssuer, type TestIssuer } from "@breezeway/host/testing";
import type { Clock } from "@breezeway/shared/channel";
import { randomFrom } from "@breezeway/test-support/random";
import { expect, it } from "vitest";
import { joinFrame, type JoinedFrame } from "./joined-frame.ts";

const HOUR_MS = 3_600_000;
/** The shortest permitted token lifetime, which causes the most mints. */
const TTL_SECONDS = 15;
const APPS = ["orders", "stock", "pane", "inspector"];
const EXPECTED_FAILURES = new Set(["SIGNED_OUT", "OFFLINE", "HOST_GONE", "CHANNEL_CLOSED"]);

interface Guest {
  readonly id: string;
  readonly frame: JoinedFrame;
  readonly clock: Clock;
  bridge: Promise<AppBridge>;
}

interface World {
  readonly issuer: TestIssuer;
  readonly host: Host;
  readonly guests: readonly Guest[];
  readonly random: () => number;
  readonly seen: Seen;
  isOffline: boolean;
  isVisible: boolean;
  readonly onVisible: Set<() => void>;
}

/** Observations of the run: faults, which must not occur, and counts of what must occur. */
interface Seen {
  handedOut: number;
  /** How often the host may have received a session change. */
  news: number;
  /** Requests in flight. Each holds one timer. */
  requests: number;
  readonly faults: string[];
  readonly failures: Set<string>;
}

it.each([1, 2])(
  "an hour with 1 000 tokens, lost networks, reloads, sleeps, skewed clocks and new sessions (seed %i)",
  async (seed) => {
    const world = setUp(randomFrom(seed));
    const { issuer, guests, random, seen } = world;
    const end = issuer.clock.now() + HOUR_MS;
    while (issuer.clock.now() < end) {
      happen(world);
      for (const guest of guests) if (random() < 0.6) void read(world, guest);
      const step = random() * 4_000;
      if (random() < 0.02) issuer.clock.sleep(step * 5);
      else await issuer.advance(step);
    }
    expect(seen.faults).toEqual([]);
    expect(issuer.mints.length).toBeGreaterThanOrEqual(1_000);
    expect(seen.handedOut).toBeGreaterThan(1_000);
    for (const code of seen.failures) expect(EXPECTED_FAILURES).toContain(code);

    await expectAllWell(world);
    // The clock stops here while many requests are in flight.
    for (const guest of guests) reload(guest, true);
    await issuer.advance(10);
    await close(world);
    expect(issuer.clock.timers).toBe(seen.requests);
    // Requests in flight arrive and start nothing new.
    await issuer.advance(5_000);
    expect(issuer.clock.timers).toBe(0);
    expect(issuer.errors).toEqual([]);
  },
);

function setUp(random: () => number): World {
  const issuer = createTestIssuer({ tokenTtlSeconds: TTL_SECONDS, nowMs: 1_700_000_000_000 });
  const { clock } = issuer;
  const seen: Seen = { handedOut: 0, news: 0, requests: 0, faults: [], failures: new Set() };
  const onVisible = new Set<() => void>();
  const offBy = (): Clock => {
    const ms = (random() - 0.5) * 2 * HOUR_MS;
    return { ...clock, now: () => clock.now() + ms };
  };
  const page = { isOffline: false, isVisible: true };
  const visibility = {
    get isVisible() {
      return page.isVisible;
    },
    onVisible(listener: () => void) {
      onVisible.add(listener);
      return () => void onVisible.delete(listener);
    },
  };
  const host = createHostForTesting(
    {
      ...issuer.hostOptions,
      fetch: slowFetch({ issuer, random, seen }),
      apps: APPS.map((id) => ({ id, name: id, version: "1.0.0", url: `https://${id}.test/` })),
    },
    { ...issuer.hooks, clock: offBy(), random, visibility },
  );
  host.session.subscribe(() => void (seen.news += 1));
  const guests = APPS.map((id): Guest => {
    const frame = joinFrame(clock);
    const guestClock = offBy();
    host.mount(id, { place: frame.place });
    return { id, frame, clock: guestClock, bridge: openBridge(id, frame, guestClock) };
  });
  return Object.assign(page, { issuer, host, guests, random, seen, onVisible });
}

function openBridge(id: string, frame: JoinedFrame, clock: Clock): Promise<AppBridge> {
  // This app requests tokens itself, without automatic refresh.
  const options = { link: frame.link, autoRefresh: id !== "inspector" };
  const bridge = createAppBridgeForTesting(options, { clock });
  // The next document may load before this one connects, which rejects this bridge.
  bridge.catch(() => undefined);
  return bridge;
}

/**
 * Delays each request and each response. Two overlapping mints of one app are a fault, unless
 * the host received a session change in between, which makes the earlier token useless.
 */
function slowFetch({
  issuer,
  random,
  seen,
}: Pick<World, "issuer" | "random" | "seen">): typeof fetch {
  const underWay = new Map<string, number>();
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      seen.requests += 1;
      issuer.clock.setTimer(() => {
        seen.requests -= 1;
        resolve();
      }, random() * 600);
    });
  const send = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    await pause();
    const response = await issuer.hostOptions.fetch?.(input, init);
    await pause();
    return response ?? Response.error();
  };
  return async (input, init) => {
    const app = typeof init?.body === "string" ? init.body : "";
    if (!app.includes("appId")) return send(input, init).finally(() => (seen.news += 1));
    if (underWay.get(app) === seen.news) seen.faults.push(`two mints at once: ${app}`);
    const mine = seen.news;
    underWay.set(app, mine);
    return send(input, init).finally(() => {
      if (underWay.get(app) === mine) underWay.delete(app);
    });
  };
}

/** Causes one random fault, or none. */
function happen(world: World): void {
  const { issuer, host, guests, random } = world;
  const guest = guests[Math.floor(random() * guests.length)];
  const dice = random();
  if (world.isOffline ? dice < 0.25 : dice < 0.04) {
    world.isOffline = !world.isOffline;
    issuer.offline(world.isOffline);
  } else if (dice < 0.3 || guest === undefined) return;
  else if (dice < 0.36) reload(guest, random() < 0.5);
  else if (dice < 0.39) guest.frame.cut();
  else if (dice < 0.43) show(world, !world.isVisible);
  else if (dice < 0.45) settle(host.session.switchTenant(random() < 0.5 ? "acme" : "globex"));
  else if (dice < 0.46) settle(host.session.signOut());
  else if (dice < 0.465) issuer.revoke();
  else if (dice < 0.475 && issuer.session) issuer.update({ claims: { level: random() } });
  else if (dice < 0.6) {
    if (issuer.session === null) issuer.signIn();
    if (host.session.current === null) settle(host.session.reload());
    if (!world.isVisible) show(world, true);
  }
}

/** Ignores a rejection that a random fault can cause. */
function settle(work: Promise<unknown>): void {
  work.catch(() => undefined);
}

function show(world: World, isVisible: boolean): void {
  world.isVisible = isVisible;
  if (isVisible) for (const listener of world.onVisible) listener();
}

function reload(guest: Guest, isAnnounced: boolean): void {
  const old = guest.bridge;
  guest.frame.reload({ isAnnounced });
  // An unloaded document loses everything, including its timers.
  settle(old.then((bridge) => bridge.close()));
  guest.bridge = openBridge(guest.id, guest.frame, guest.clock);
  settle(guest.bridge.then(() => guest.frame.loaded()));
}

/** Requests two tokens at once, as apps do, and checks them. */
async function read({ issuer, seen }: World, guest: Guest): Promise<void> {
  const bridge = await guest.bridge;
  const check = (token: string): void => {
    const { claims } = decodeSessionToken(token);
    const leftMs = Number(claims["exp"]) * 1000 - issuer.clock.now();
    if (leftMs <= 0)
      seen.faults.push(`${guest.id} was given a token that expired ${-leftMs} ms ago`);
    if (claims["aud"] !== guest.id) seen.faults.push(`${guest.id} was given another app's token`);
    seen.handedOut += 1;
  };
  const { current } = bridge.session.token;
  if (current !== null) check(current);
  const answers = await Promise.all(
    [1, 2].map(() =>
      bridge.getSessionToken().then(
        (token) => {
          check(token);
          return token;
        },
        (error: { code: string }) => {
          seen.failures.add(error.code);
          return null;
        },
      ),
    ),
  );
  if (answers[0] !== answers[1]) seen.faults.push(`${guest.id} read two tokens at once`);
}

/** Expects every guest to have a token and claims of the current session once all faults are over. */
async function expectAllWell(world: World): Promise<void> {
  const { issuer, host, guests } = world;
  world.isOffline = false;
  issuer.offline(false);
  if (issuer.session === null) issuer.signIn();
  settle(host.session.reload());
  show(world, true);
  await issuer.advance(60_000);
  const tokens = Promise.all(
    guests.map(async ({ bridge }) => decodeSessionToken(await (await bridge).getSessionToken())),
  );
  await issuer.advance(5_000);
  for (const { claims } of await tokens) {
    expect(claims).toMatchObject({
      sid: issuer.session?.handle,
      tenantId: issuer.session?.tenantId,
    });
  }
  expect(host.mounts.map(({ state }) => state)).toEqual(guests.map(() => "connected"));
}

async function close({ host, guests }: World): Promise<void> {
  for (const { bridge } of guests) (await bridge).close();
  host.close();
}
