import { describe, expect, it } from "vitest";
import { BridgeError } from "../errors/bridge-error.ts";
import type { TokenGrant } from "../protocol/session.ts";
import type { TokenResponse } from "../schemas/auth-api.ts";
import { createSkew } from "../channel/skew.ts";
import { fakeToken } from "../testing/fake-token.ts";
import { createTestClock, type TestClock } from "../testing/test-clock.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

interface Issuer {
  readonly clock: TestClock;
  readonly tokens: TokenSource;
  readonly pushed: TokenGrant[];
  readonly mints: number[];
  fail: BridgeError | undefined;
  /** The issuer's clock is ahead of the host's by this. */
  skewMs: number;
  /** Every answer takes this long. */
  tripMs: number;
  isVisible: boolean;
  wantsTokens: boolean;
  /** Set: mints wait until it is called. */
  hold: PromiseWithResolvers<void> | undefined;
}

function setUp(ttlSeconds = 60): Issuer {
  const clock = createTestClock({ nowMs: 1_700_000_000_000 });
  const mint = async (): Promise<TokenResponse> => {
    issuer.mints.push(clock.monotonic());
    const askedAt = clock.now();
    await issuer.hold?.promise;
    if (issuer.fail) throw issuer.fail;
    // Stamped at once, and long on its way back.
    clock.sleep(issuer.tripMs);
    const iat = Math.floor((askedAt + issuer.skewMs) / 1000);
    const exp = iat + ttlSeconds;
    return { token: fakeToken({ iat, exp, jti: String(issuer.mints.length) }), expiresAt: exp };
  };
  const tokens = createTokenSource({
    mint,
    clock,
    skew: createSkew(clock),
    random: () => 0,
    isVisible: () => issuer.isVisible,
  });
  const issuer: Issuer = {
    clock,
    tokens,
    pushed: [],
    mints: [],
    fail: undefined,
    skewMs: 0,
    tripMs: 0,
    isVisible: true,
    wantsTokens: true,
    hold: undefined,
  };
  return issuer;
}

function follow(issuer: Issuer): () => void {
  return issuer.tokens.follow({
    get wantsTokens() {
      return issuer.wantsTokens;
    },
    onToken: (grant) => issuer.pushed.push(grant),
  });
}

const offline = (): BridgeError => new BridgeError("OFFLINE", "no network");

describe("one app's token", () => {
  it("is minted once for all concurrent callers [AT-1]", async () => {
    const issuer = setUp();
    const grants = await Promise.all([1, 2, 3].map(() => issuer.tokens.get()));
    expect(new Set(grants.map(({ token }) => token)).size).toBe(1);
    expect(issuer.mints).toHaveLength(1);
  });

  it("is minted again ahead of expiry and pushed, and leaves no timer without followers [AT-2]", async () => {
    const issuer = setUp();
    const stop = follow(issuer);
    await issuer.tokens.get();
    await issuer.clock.advance(43_000);
    expect(issuer.mints).toHaveLength(1);
    await issuer.clock.advance(2_000);
    expect(issuer.mints).toHaveLength(2);
    expect(issuer.pushed).toHaveLength(2);
    stop();
    expect(issuer.clock.timers).toBe(0);
    await issuer.clock.advance(120_000);
    expect(issuer.mints).toHaveLength(2);
  });

  it("is not minted ahead while the page is hidden, and is minted as soon as the page is visible [AT-2]", async () => {
    const issuer = setUp();
    follow(issuer);
    await issuer.tokens.get();
    issuer.isVisible = false;
    await issuer.clock.advance(300_000);
    expect(issuer.mints).toHaveLength(1);
    issuer.isVisible = true;
    issuer.tokens.wake();
    await issuer.clock.advance(0);
    expect(issuer.mints).toHaveLength(2);
  });

  it("is not minted ahead for a guest that asks when it needs one", async () => {
    const issuer = setUp();
    issuer.wantsTokens = false;
    follow(issuer);
    await issuer.tokens.get();
    await issuer.clock.advance(300_000);
    expect(issuer.mints).toHaveLength(1);
    expect(issuer.pushed).toEqual([]);
  });

  it("of an ended session is forgotten, even while it is in flight [AT-3]", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.hold = Promise.withResolvers();
    const outcome = issuer.tokens.get().catch((error: BridgeError) => error.code);
    await issuer.clock.advance(0);
    issuer.tokens.reset(false);
    issuer.fail = new BridgeError("SIGNED_OUT", "gone");
    issuer.hold.resolve();
    issuer.hold = undefined;
    expect(await outcome).toBe("SIGNED_OUT");
    expect(issuer.pushed).toEqual([]);
    expect(issuer.clock.timers).toBe(0);
  });

  it("of a changed session replaces the one in flight [AT-3]", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.hold = Promise.withResolvers();
    const asked = issuer.tokens.get();
    await issuer.clock.advance(0);
    const { hold } = issuer;
    issuer.hold = undefined;
    issuer.tokens.reset(true);
    await issuer.clock.advance(0);
    hold.resolve();
    expect((await asked).token).toBe(issuer.pushed[0]?.token);
    expect(issuer.mints).toHaveLength(2);
    expect(issuer.pushed).toHaveLength(1);
  });

  it("that a service rejected is replaced, at most once per second [AT-4]", async () => {
    const issuer = setUp();
    const first = await issuer.tokens.get();
    expect((await issuer.tokens.replace(first.token)).token).toBe(first.token);
    await issuer.clock.advance(1_000);
    const second = await issuer.tokens.replace(first.token);
    expect(second.token).not.toBe(first.token);
    expect((await issuer.tokens.replace(first.token)).token).toBe(second.token);
    expect(issuer.mints).toHaveLength(2);
  });

  it("is not replaced by an older one of another tab [AT-5]", async () => {
    const issuer = setUp();
    follow(issuer);
    const { token, issuedAtSeconds } = await issuer.tokens.get();
    const iat = issuedAtSeconds - 10;
    issuer.tokens.offer({ token: fakeToken({ iat, exp: iat + 60 }), expiresAt: iat + 60 });
    expect((await issuer.tokens.get()).token).toBe(token);
    const newer = issuedAtSeconds + 10;
    const offered = fakeToken({ iat: newer, exp: newer + 60 });
    issuer.tokens.offer({ token: offered, expiresAt: newer + 60 });
    expect((await issuer.tokens.get()).token).toBe(offered);
    expect(issuer.pushed.at(-1)?.token).toBe(offered);
  });

  it("is retried with backoff while the issuer is unreachable", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.fail = offline();
    await expect(issuer.tokens.get()).rejects.toMatchObject({ code: "OFFLINE" });
    await issuer.clock.advance(62_000);
    expect(issuer.mints.length).toBeGreaterThan(4);
    expect(issuer.mints.length).toBeLessThan(9);
    issuer.fail = undefined;
    await issuer.clock.advance(31_000);
    expect(issuer.pushed).toHaveLength(1);
  });

  it("is retried after a pause, even when the old one expires soon", async () => {
    const issuer = setUp();
    follow(issuer);
    await issuer.tokens.get();
    issuer.fail = offline();
    await issuer.clock.advance(45_000);
    expect(issuer.mints).toHaveLength(2);
    await issuer.clock.advance(10_000);
    expect(issuer.mints.length).toBeLessThan(6);
  });

  it("leaves no second timer when the page becomes visible while one is running", async () => {
    const issuer = setUp();
    const stop = follow(issuer);
    issuer.fail = offline();
    await issuer.tokens.get().catch(() => undefined);
    issuer.tokens.wake();
    await issuer.clock.advance(0);
    expect(issuer.clock.timers).toBe(1);
    stop();
    expect(issuer.clock.timers).toBe(0);
  });

  it("is not retried after a denial until the session changes", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.fail = new BridgeError("DENIED", "not for this app");
    issuer.tokens.reset(true);
    await issuer.clock.advance(300_000);
    expect(issuer.mints).toHaveLength(1);
    issuer.fail = undefined;
    issuer.tokens.reset(true);
    await issuer.clock.advance(0);
    expect(issuer.pushed).toHaveLength(1);
  });

  it.each(["DENIED", "SIGNED_OUT"] as const)(
    "that the issuer refuses (%s) is not asked for at each read, only after a pause [AT-7]",
    async (code) => {
      const issuer = setUp();
      issuer.fail = new BridgeError(code, "no");
      for (let read = 0; read < 20; read += 1) {
        await expect(issuer.tokens.get()).rejects.toMatchObject({ code });
        await expect(issuer.tokens.replace("old")).rejects.toMatchObject({ code });
      }
      expect(issuer.mints).toHaveLength(1);
      await issuer.clock.advance(4_999);
      await expect(issuer.tokens.get()).rejects.toMatchObject({ code });
      expect(issuer.mints).toHaveLength(1);
      issuer.fail = undefined;
      await issuer.clock.advance(1);
      await issuer.tokens.get();
      expect(issuer.mints).toHaveLength(2);
    },
  );

  it("is asked for at once and pushed after a sign-in [AT-7]", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.fail = new BridgeError("SIGNED_OUT", "nobody");
    await expect(issuer.tokens.get()).rejects.toMatchObject({ code: "SIGNED_OUT" });
    issuer.fail = undefined;
    // A page's event stream that opens after a sign-in says both, and one mint is enough.
    issuer.tokens.reconsider();
    issuer.tokens.reset(true);
    await issuer.clock.advance(0);
    expect([issuer.mints.length, issuer.pushed.length]).toEqual([2, 1]);
  });

  it.each<readonly [string, (tokens: TokenSource) => void]>([
    ["another session", (tokens) => tokens.reset(true)],
    ["other installations", (tokens) => tokens.reconsider()],
  ])(
    "that the issuer denies is asked for at once and pushed after %s [AT-7]",
    async (_of, tell) => {
      const issuer = setUp();
      follow(issuer);
      issuer.fail = new BridgeError("DENIED", "not installed");
      issuer.tokens.reset(true);
      await issuer.clock.advance(0);
      await expect(issuer.tokens.get()).rejects.toMatchObject({ code: "DENIED" });
      expect(issuer.mints).toHaveLength(1);
      issuer.fail = undefined;
      tell(issuer.tokens);
      await issuer.clock.advance(0);
      expect([issuer.mints.length, issuer.pushed.length]).toEqual([2, 1]);
    },
  );

  describe("is denied after a change of installations has overtaken the answer, and", () => {
    function askTwice(): {
      tokens: TokenSource;
      deny: () => void;
      mints: string[];
      second: string;
    } {
      const clock = createTestClock();
      const first = Promise.withResolvers<TokenResponse>();
      const iat = Math.floor(clock.now() / 1000);
      const second = fakeToken({ iat, exp: iat + 60 });
      const mints: string[] = [];
      const tokens = createTokenSource({
        mint: () =>
          mints.push("mint") === 1
            ? first.promise
            : Promise.resolve({ token: second, expiresAt: iat + 60 }),
        clock,
        skew: createSkew(clock),
        random: () => 0,
        isVisible: () => true,
      });
      const deny = (): void => first.reject(new BridgeError("DENIED", "not installed"));
      return { tokens, deny, mints, second };
    }

    it("is asked for again [AT-7]", async () => {
      const { tokens, deny, mints, second } = askTwice();
      const asked = tokens.get();
      tokens.reconsider();
      deny();
      expect((await asked).token).toBe(second);
      expect(mints).toHaveLength(2);
    });

    it("is not asked for again for an ended session [AT-3]", async () => {
      const { tokens, deny, mints } = askTwice();
      const asked = tokens.get();
      tokens.reconsider();
      tokens.reset(false);
      deny();
      await expect(asked).rejects.toMatchObject({ code: "DENIED" });
      expect(mints).toHaveLength(1);
    });
  });

  it("is asked for again at the next read after a failed request", async () => {
    const issuer = setUp();
    issuer.fail = offline();
    for (let read = 0; read < 3; read += 1) {
      await expect(issuer.tokens.get()).rejects.toMatchObject({ code: "OFFLINE" });
    }
    expect(issuer.mints).toHaveLength(3);
  });

  it("that expired in flight, as on a device that slept, is discarded and asked for again [AT-6]", async () => {
    const issuer = setUp();
    follow(issuer);
    issuer.hold = Promise.withResolvers();
    const asked = issuer.tokens.get();
    await issuer.clock.advance(0);
    issuer.clock.sleep(120_000);
    issuer.hold.resolve();
    issuer.hold = undefined;
    const grant = await asked;
    expect(grant.expiresAtSeconds * 1000).toBeGreaterThan(issuer.clock.now());
    expect(issuer.mints).toHaveLength(2);
    expect(issuer.pushed.map(({ token }) => token)).toEqual([grant.token]);
  });

  it("that expires in flight repeatedly is reported as OFFLINE", async () => {
    const issuer = setUp();
    issuer.tripMs = 120_000;
    await expect(issuer.tokens.get()).rejects.toMatchObject({ code: "OFFLINE", retryable: true });
    expect(issuer.mints).toHaveLength(2);
  });

  it.each([-3_600_000, -60_000, 4_000, 60_000, 86_400_000])(
    "is timed by the issuer's clock when that is off by %i ms",
    async (skewMs) => {
      const issuer = setUp();
      issuer.skewMs = skewMs;
      follow(issuer);
      const first = await issuer.tokens.get();
      expect(Math.abs(first.nowMs - (issuer.clock.now() + skewMs))).toBeLessThanOrEqual(1_000);
      await issuer.clock.advance(40_000);
      expect((await issuer.tokens.get()).token).toBe(first.token);
      await issuer.clock.advance(10_000);
      expect((await issuer.tokens.get()).token).not.toBe(first.token);
      expect(issuer.mints).toHaveLength(2);
    },
  );
});
