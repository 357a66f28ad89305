import { expect, it } from "vitest";
import { BridgeError, type TokenGrant } from "@breezeway/shared";
import { createSkew } from "@breezeway/shared/channel";
import { createTestClock, fakeToken } from "@breezeway/shared/testing";
import { createAppTokens } from "./app-tokens.ts";

const HOUR_MS = 3_600_000;

it.each([1, 2, 3])(
  "lives through 1 000 mints, hidden pages, lost networks, sleeps and new sessions (seed %i)",
  async (seed) => {
    const random = randomBy(seed);
    const clock = createTestClock({ nowMs: 1_700_000_000_000 });
    const skewMs = (random() - 0.5) * 2 * HOUR_MS;
    const issuerNow = (): number => clock.now() + skewMs;
    let mints = 0;
    let mintsUnderWay = 0;
    let isOffline = false;
    let isVisible = true;
    let session = 1;

    const tokens = createAppTokens({
      async mint() {
        const mine = session;
        // A mint of a session that has ended is no use to the next one, and may overlap with its.
        mintsUnderWay += 1;
        expect(mintsUnderWay).toBe(1);
        await Promise.resolve();
        mintsUnderWay -= 1;
        if (isOffline) throw new BridgeError("OFFLINE", "no network");
        mints += 1;
        const iat = Math.floor(issuerNow() / 1000);
        const exp = iat + 15;
        return { token: fakeToken({ iat, exp, sid: mine, jti: mints }), expiresAt: exp };
      },
      clock,
      skew: createSkew(clock),
      random,
      isVisible: () => isVisible,
    });

    const check = (grant: TokenGrant): void => {
      expect(grant.expiresAtSeconds * 1000).toBeGreaterThan(issuerNow());
      expect(sessionOf(grant)).toBe(session);
    };
    const release = tokens.follow({ wantsTokens: true, onToken: check });
    let issuedAtSeconds = 0;

    // Tokens of 15 s for hours: as many as with a minute's life in a day.
    while (mints < 1_000) {
      const step = random() * 7_000;
      if (random() < 0.05) clock.sleep(step);
      else await clock.advance(step);
      const dice = random();
      if (dice < 0.1) isOffline = !isOffline;
      else if (dice < 0.2) {
        isVisible = !isVisible;
        if (isVisible) tokens.wake();
      } else if (dice < 0.22) {
        session += 1;
        tokens.reset(true);
      }
      const answers = await Promise.allSettled([tokens.get(), tokens.get()]);
      for (const answer of answers) {
        if (answer.status === "rejected") expect(isOffline).toBe(true);
        else {
          check(answer.value);
          expect(answer.value.issuedAtSeconds).toBeGreaterThanOrEqual(issuedAtSeconds);
          ({ issuedAtSeconds } = answer.value);
        }
      }
    }
    release();
    tokens.close();
    expect(clock.timers).toBe(0);
  },
);

function sessionOf({ token }: TokenGrant): number {
  return (JSON.parse(atob(token.split(".")[1] ?? "")) as { sid: number }).sid;
}

/** mulberry32: small, and the same on every machine. */
function randomBy(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
