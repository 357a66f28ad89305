import { describe, expect, it } from "vitest";
import {
  BridgeError,
  EXPIRY_MARGIN_SECONDS,
  type GuestSession,
  type TokenGrant,
} from "@breezeway/shared";
import { createStore, type Store } from "@breezeway/shared/channel";
import { createTestClock, fakeToken, type TestClock } from "@breezeway/shared/testing";
import { streamOf } from "@breezeway/shared/channel";
import { createTokenCache, type TokenCache } from "./token-cache.ts";

const START = 1_700_000_000_000;
const ACME: GuestSession = { userId: "alice", tenantId: "acme", handle: "session-1" };

interface World {
  readonly clock: TestClock;
  readonly pushed: Store<TokenGrant | null>;
  readonly session: Store<GuestSession | null>;
  readonly tokens: TokenCache;
  readonly asked: (string | undefined)[];
  /** The issuer's clock minus the guest's. */
  skewMs: number;
  ttlSeconds: number;
  fail: BridgeError | undefined;
  issuerNow(): number;
  grant(ageSeconds?: number): TokenGrant;
}

function setUp(): World {
  const clock = createTestClock({ nowMs: START });
  const pushed = createStore<TokenGrant | null>(null);
  const session = createStore<GuestSession | null>(ACME);
  const asked: (string | undefined)[] = [];
  let serial = 0;
  const world: World = {
    clock,
    pushed,
    session,
    asked,
    skewMs: 0,
    ttlSeconds: 60,
    fail: undefined,
    issuerNow: () => clock.now() + world.skewMs,
    grant(ageSeconds = 0) {
      serial += 1;
      const issuedAtSeconds = Math.floor(world.issuerNow() / 1000) - ageSeconds;
      const expiresAtSeconds = issuedAtSeconds + world.ttlSeconds;
      return {
        token: fakeToken({
          iat: issuedAtSeconds,
          exp: expiresAtSeconds,
          jti: String(serial),
          sid: ACME.handle,
          tenantId: session.current?.tenantId,
        }),
        issuedAtSeconds,
        expiresAtSeconds,
        nowMs: world.issuerNow(),
      };
    },
    tokens: createTokenCache({
      clock,
      pushed,
      session,
      request: async (rejected) => {
        asked.push(rejected);
        if (world.fail) throw world.fail;
        return world.grant();
      },
    }),
  };
  return world;
}

const expiryOf = (token: string): number =>
  (JSON.parse(atob(token.split(".")[1] ?? "")) as { exp: number }).exp * 1000;

describe("the guest's token", () => {
  it("is never that of the previous tenant once the host names another", async () => {
    const world = setUp();
    world.pushed.set(world.grant());
    const before = await world.tokens.get();
    world.session.set({ ...ACME, tenantId: "globex" });
    expect(world.tokens.current.current).toBeNull();
    const after = await world.tokens.get();
    expect(after).not.toBe(before);
    expect(world.asked).toEqual([undefined]);
  });

  it("stays when the host names the same session again", async () => {
    const world = setUp();
    world.pushed.set(world.grant());
    const before = await world.tokens.get();
    world.session.set({ ...ACME });
    expect(await world.tokens.get()).toBe(before);
    expect(world.asked).toEqual([]);
  });

  it("is the pushed one, without a request", async () => {
    const world = setUp();
    const grant = world.grant();
    world.pushed.set(grant);
    expect(await world.tokens.get()).toBe(grant.token);
    expect(world.asked).toEqual([]);
  });

  it("is requested once when the cached one has less than the margin left [TK-1] [TK-2]", async () => {
    const world = setUp();
    const old = world.grant();
    world.pushed.set(old);
    await world.clock.advance((60 - EXPIRY_MARGIN_SECONDS) * 1000 - 1);
    expect(await world.tokens.get()).toBe(old.token);
    await world.clock.advance(2);
    const [one, two] = await Promise.all([world.tokens.get(), world.tokens.get()]);
    expect(one).toBe(two);
    expect(one).not.toBe(old.token);
    expect(world.asked).toEqual([undefined]);
  });

  it("is not replaced by an older one while it is usable [TK-3]", async () => {
    const world = setUp();
    const current = world.grant();
    world.pushed.set(current);
    world.pushed.set(world.grant(20));
    expect(await world.tokens.get()).toBe(current.token);
    await world.clock.advance(58_000);
    const late = world.grant(5);
    world.pushed.set(late);
    expect(await world.tokens.get()).toBe(late.token);
  });

  it.each([
    ["SIGNED_OUT", "SIGNED_OUT", false],
    ["OFFLINE", "OFFLINE", true],
    ["DENIED", "DENIED", false],
    ["CHANNEL_LOST", "HOST_GONE", true],
    ["CHANNEL_CLOSED", "HOST_GONE", true],
    ["CALL_TIMEOUT", "HOST_GONE", true],
  ] as const)("rejects after %s with %s [TK-4]", async (thrown, code, retryable) => {
    const world = setUp();
    world.fail = new BridgeError(thrown, "why");
    await expect(world.tokens.get()).rejects.toMatchObject({ code, retryable });
  });

  it("is replaced after a service rejected it, unless it has been already", async () => {
    const world = setUp();
    const first = world.grant();
    world.pushed.set(first);
    const second = await world.tokens.replace(first.token);
    expect(second).not.toBe(first.token);
    expect(await world.tokens.replace(first.token)).toBe(second);
    expect(world.asked).toEqual([first.token]);
  });

  it("is requested again after a rejection, even while a plain request is in flight", async () => {
    const world = setUp();
    const first = await world.tokens.get();
    expect(await world.tokens.replace(first)).not.toBe(first);
  });

  it.each([-3_600_000, -20_000, 0, 20_000, 3_600_000])(
    "expires by the issuer's clock, which differs by %i ms",
    async (skewMs) => {
      const world = setUp();
      world.skewMs = skewMs;
      world.pushed.set(world.grant());
      await world.clock.advance(56_000);
      const token = await world.tokens.get();
      expect(world.asked).toEqual([]);
      await world.clock.advance(2_000);
      expect(await world.tokens.get()).not.toBe(token);
    },
  );

  it("has its expiry judged correctly after the device's clock was set", async () => {
    const world = setUp();
    world.pushed.set(world.grant());
    for (const jumpMs of [600_000, -600_000]) {
      // The wall clock of the guest moves; the issuer's does not.
      world.skewMs -= jumpMs;
      await world.clock.advance(Math.max(0, jumpMs));
      world.pushed.set(world.grant());
      await world.clock.advance(30_000);
      const before = world.asked.length;
      const token = await world.tokens.get();
      expect(expiryOf(token)).toBeGreaterThan(world.issuerNow());
      expect(world.asked.length).toBe(before);
    }
  });
});

describe("the stream of tokens", () => {
  it("yields the current token, each new one, null after sign-out, and ends", async () => {
    const world = setUp();
    const first = world.grant();
    world.pushed.set(first);
    const life = new AbortController();
    const stream = streamOf(world.tokens.current, life.signal)[Symbol.asyncIterator]();
    expect((await stream.next()).value).toBe(first.token);
    const second = world.grant();
    world.pushed.set(world.grant());
    world.pushed.set(second);
    expect((await stream.next()).value).toBe(second.token);
    const next = stream.next();
    world.pushed.set(null);
    expect((await next).value).toBeNull();
    const last = stream.next();
    life.abort();
    expect((await last).done).toBe(true);
  });
});
