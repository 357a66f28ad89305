import { decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import { jwksOf, mint, verify } from "../../test-support/key-place.ts";
import { maintainedIssuer, type MaintainedIssuer } from "../../test-support/maintained.ts";
import { describeStores } from "../../test-support/stores.ts";
import { signIn, testClock, type TestClock } from "../../test-support/test-issuer.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Two JWKS max-ages. */
const ANNOUNCED = 10 * MINUTE;
/** The longest time between two runs of the maintenance that counts as an even clock. */
const GAP = HOUR;
/** As long as a retired key is published, and the time between two runs of the maintenance. */
const OVERLAP = 370 * SECOND + MINUTE;

const DISTANCES = [
  ["1 min", MINUTE],
  ["1 h", HOUR],
  ["1 day", DAY],
] as const;
const JUMPS = DISTANCES.flatMap(([name, ms]) => [
  [`${name} ahead`, ms] as const,
  [`${name} behind`, -ms] as const,
]);

const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid);

async function publishedKids(issuer: Issuer): Promise<string[]> {
  return (await jwksOf(issuer)).keys.map(({ kid }) => kid ?? "");
}

async function stateOf(issuer: Issuer, kid: string): Promise<string | undefined> {
  return (await issuer.keys.list()).find((key) => key.kid === kid)?.state;
}

/** Until the clock is believed again. */
async function evenHour(clock: TestClock, maintain: () => Promise<void>): Promise<void> {
  await maintain();
  clock.pass(GAP);
  await maintain();
}

describeStores("the keys of issuers on $name", (place) => {
  let clock: TestClock;
  let open: MaintainedIssuer[];
  const start = async (): Promise<MaintainedIssuer> => {
    const started = await maintainedIssuer(place().store(), clock);
    open.push(started);
    return started;
  };

  beforeEach(() => {
    clock = testClock();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map(({ issuer }) => issuer.close()));
  });

  it.each(DISTANCES)(
    "sign with the key in use when the clock goes back by %s after a rotation",
    async (_name, ms) => {
      const { issuer, maintain } = await start();
      const cookie = await signIn(issuer);
      const { kid } = await issuer.keys.rotate();
      clock.pass(ANNOUNCED);
      expect(kidOf(await mint(issuer, cookie))).toBe(kid);
      clock.advance(-ms);
      expect(kidOf(await mint(issuer, cookie))).toBe(kid);
      clock.advance(ms);
      await maintain();
      // Has never opened the key before.
      const later = (await start()).issuer;
      clock.advance(-ms);
      const restarted = (await start()).issuer;
      for (const each of [issuer, later, restarted]) {
        const own = await signIn(each);
        const token = await mint(each, own);
        expect(kidOf(token)).toBe(kid);
        await verify(restarted, token, { nowMs: clock.nowMs });
        expect(await stateOf(each, kid)).toBe("active");
      }
    },
  );

  /** The announced key signs in its turn, and is the only published one after the overlap. */
  async function expectSuccession(
    { issuer, maintain }: Pick<Awaited<ReturnType<typeof start>>, "issuer" | "maintain">,
    cookie: string,
    kid: string,
  ): Promise<void> {
    clock.pass(ANNOUNCED);
    await maintain();
    expect(kidOf(await mint(issuer, cookie))).toBe(kid);
    clock.pass(OVERLAP);
    await maintain();
    expect(await publishedKids(issuer)).toEqual([kid]);
  }

  it.each(JUMPS)(
    "announce a key for 10 min after an hour of even clock at most, and publish the old one until its tokens have expired, when the clock was %s at the rotation",
    async (_name, ms) => {
      const { issuer, maintain } = await start();
      const cookie = await signIn(issuer);
      clock.advance(ms);
      const { kid } = await issuer.keys.rotate();
      clock.advance(-ms);
      const before = await mint(issuer, cookie);
      await maintain();
      await verify(issuer, before, { nowMs: clock.nowMs });
      await evenHour(clock, maintain);
      await expectSuccession({ issuer, maintain }, cookie, kid);
    },
  );

  it.each(JUMPS)(
    "let no key that has signed wait again, nor leave early, when the clock was %s for a moment",
    async (_name, ms) => {
      const { issuer, maintain } = await start();
      const cookie = await signIn(issuer);
      const { kid } = await issuer.keys.rotate();
      const old = await mint(issuer, cookie);
      clock.advance(ms);
      const meanwhile = kidOf(await mint(issuer, cookie));
      await maintain();
      clock.advance(-ms);
      expect(kidOf(await mint(issuer, cookie))).toBe(meanwhile);
      await verify(issuer, old, { nowMs: clock.nowMs });
      await maintain();
      await verify(issuer, old, { nowMs: clock.nowMs });
      await evenHour(clock, maintain);
      await expectSuccession({ issuer, maintain }, cookie, kid);
    },
  );

  it.each(JUMPS)(
    "announce a successor 30 days after an hour of even clock at most when the clock was %s at the first start",
    async (_name, ms) => {
      clock.advance(ms);
      const { issuer, maintain } = await start();
      clock.advance(-ms);
      await evenHour(clock, maintain);
      clock.pass(30 * DAY - ANNOUNCED);
      await maintain();
      expect((await issuer.keys.list()).map(({ state }) => state)).toContain("announced");
    },
  );
});
