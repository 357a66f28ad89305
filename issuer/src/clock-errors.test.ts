/** Times that an issuer wrote while its clock was wrong, once the clock is right again. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import { startOidcProvider, type TestProvider } from "@breezeway/test-support/oidc-provider";
import { openBrowser } from "../test-support/client.ts";
import { maintainedIssuer, type MaintainedIssuer } from "../test-support/maintained.ts";
import { describeStores } from "../test-support/stores.ts";
import {
  call,
  reasonOf,
  testClock,
  testIssuer,
  type TestClock,
} from "../test-support/test-issuer.ts";
import type { Issuer } from "./index.ts";
import type { OpenStore } from "./store/store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const JUMPS = [
  ["1 min ahead", MINUTE],
  ["1 h ahead", HOUR],
  ["1 day ahead", DAY],
  ["1 min behind", -MINUTE],
  ["1 h behind", -HOUR],
  ["1 day behind", -DAY],
] as const;

describe("the rate limit of an issuer", () => {
  afterEach(() => void vi.useRealTimers());

  it.each(JUMPS)(
    "asks for a wait of at most a minute when the clock was %s at the first request",
    async (_name, byMs) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      const rightMs = Date.now();
      const issuer = testIssuer({ rateLimits: { loginsPerAddress: 1 } });
      const login = (): Promise<Response> =>
        call(issuer, "/login/dev", {
          method: "POST",
          body: { userId: "alice", tenantId: "acme" },
          address: "192.0.2.1",
        });
      await issuer.ready;
      vi.setSystemTime(rightMs + byMs);
      await login();
      vi.setSystemTime(rightMs);
      // A clock that was behind has let the first minute pass.
      await login();
      const refused = await login();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      await issuer.close();
    },
  );
});

describe("a sign-in at a provider", () => {
  let provider: TestProvider;
  let issuer: Issuer;
  const clock = testClock(Date.now());
  beforeEach(async () => {
    const redirectUri = `${ISSUER_URL}/login/callback`;
    provider = await startOidcProvider({ redirectUri });
    issuer = testIssuer({
      clock,
      onError: () => undefined,
      oidc: {
        provider: provider.url,
        clientId: "breezeway",
        mapUser: ({ sub }) => ({ userId: sub, tenantId: "acme" }),
      },
    });
  });
  afterEach(async () => {
    await issuer.close();
    await provider.close();
  });

  async function begin(): Promise<() => Promise<Response>> {
    const begun = await call(issuer, "/login");
    const cookie = begun.headers.getSetCookie()[0]?.split(";", 1)[0];
    const answer = await provider.signIn(begun.headers.get("location") ?? "", "alice");
    return () => call(issuer, answer.slice(ISSUER_URL.length), { cookie });
  }

  it.each(JUMPS)(
    "that was begun while the clock was %s works for 11 min at most, and the next one works",
    async (_name, byMs) => {
      clock.advance(byMs);
      const finish = await begin();
      clock.advance(-byMs);
      clock.pass(11 * MINUTE);
      const late = await finish();
      expect(late.status).toBe(401);
      expect(await reasonOf(late)).toBe("401 login-failed");
      clock.pass(-11 * MINUTE);
      expect((await (await begin())()).status).toBe(303);
    },
  );
});

describeStores("an issuer on $name", (place) => {
  let clock: TestClock;
  let direct: OpenStore;
  let running: MaintainedIssuer;
  beforeEach(async () => {
    clock = testClock();
    direct = await place().store().open();
    running = await maintainedIssuer(place().store(), clock);
  });
  afterEach(async () => {
    await running.issuer.close();
    await direct.close();
  });

  /** Runs the maintenance for as long as the clock needs to be believed, and then deletes what is old. */
  async function evenHours(hours: number): Promise<void> {
    await running.maintain();
    for (let hour = 0; hour < hours; hour += 1) {
      clock.pass(HOUR);
      await running.maintain();
    }
  }

  const changes = async (): Promise<number[]> => {
    const rows = await direct.db.selectFrom("breezeway_change").select("seq").execute();
    return rows.map(({ seq }) => seq);
  };
  const attempts = (): Promise<object[]> =>
    direct.db.selectFrom("breezeway_login_attempt").select("id_hash").execute();

  it.each(JUMPS)(
    "forgets within 4 h the changes and the sign-ins of a clock that was %s",
    async (_name, byMs) => {
      clock.advance(byMs);
      await running.issuer.sessions.revokeTokensForApp("orders");
      const written = await changes();
      await direct.db
        .insertInto("breezeway_login_attempt")
        .values({
          id_hash: "a",
          state: "s",
          nonce: "n",
          code_verifier: "c",
          return_to: "/",
          expires_at_ms: clock.nowMs + 10 * MINUTE,
        })
        .execute();
      clock.advance(-byMs);
      await evenHours(4);
      expect((await changes()).filter((seq) => written.includes(seq))).toEqual([]);
      expect(await attempts()).toEqual([]);
    },
  );

  it.each(JUMPS)(
    "keeps a revocation for a reader that starts later when the clock of the process was %s",
    async (_name, byMs) => {
      await evenHours(2);
      await running.issuer.sessions.revokeTokensForApp("inspector");
      clock.advance(byMs);
      await running.issuer.sessions.revokeTokensForApp("orders");
      const written = Math.max(...(await changes()));
      clock.advance(-byMs);
      clock.pass(MINUTE);
      await running.maintain();
      expect(await changes()).toContain(written);
    },
  );

  it.each(JUMPS)(
    "cleans up again within 2 min after a process claimed the clean-up with a clock that was %s",
    async (_name, byMs) => {
      clock.advance(byMs);
      await running.maintain();
      clock.advance(-byMs);
      const claimedAt = async (): Promise<number | undefined> =>
        (
          await direct.db
            .selectFrom("breezeway_clean_up")
            .select("checked_at_ms")
            .executeTakeFirst()
        )?.checked_at_ms;
      clock.pass(2 * MINUTE);
      await running.maintain();
      expect(await claimedAt()).toBe(clock.nowMs);
    },
  );

  it.each(JUMPS)(
    "goes on with a session whose secret was rotated while the clock was %s, and refuses the one before",
    async (_name, byMs) => {
      const browser = await openBrowser(running.issuer);
      const before = browser.cookie;
      clock.advance(byMs);
      expect((await browser.refresh()).status).toBe(200);
      clock.advance(-byMs);
      expect((await browser.refresh()).status).toBe(200);
      clock.pass(MINUTE);
      expect((await browser.session()).status).toBe(200);
      const stolen = await call(running.issuer, "/session", { cookie: before });
      expect(await reasonOf(stolen)).toBe("401 refresh-reused");
    },
  );
});
