import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import { withLowS, withOtherS } from "@breezeway/test-support/signer";
import { createLocalVault, type Issuer, type KeyVault, type Store } from "../index.ts";
import { createKeyManagerForTesting } from "../testing.ts";
import {
  createKeyPlace,
  jwksOf,
  mint,
  verify,
  type KeyPlace,
} from "../../test-support/key-place.ts";
import { signIn, type TestClock } from "../../test-support/test-issuer.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

let place: KeyPlace;
let store: Store;
let clock: TestClock;

beforeEach(() => {
  place = createKeyPlace();
  ({ store, clock } = place);
});

afterEach(() => place.close());

const start: KeyPlace["start"] = (options) => place.start(options);

async function publishedKids(issuer: Issuer): Promise<string[]> {
  return (await jwksOf(issuer)).keys.map(({ kid }) => kid ?? "");
}

async function states(issuer: Issuer): Promise<string[]> {
  return (await issuer.keys.list()).map(({ state }) => state);
}

describe("rotation", () => {
  it("[KEY-1] publishes a new key for two JWKS max-ages before it signs", async () => {
    const issuer = start();
    const cookie = await signIn(issuer);
    const [first] = await publishedKids(issuer);
    const next = await issuer.keys.rotate();
    expect(next).toMatchObject({ state: "announced" });
    expect(next.activatesAtSeconds - next.createdAtSeconds).toBe(600);
    expect(await publishedKids(issuer)).toEqual([first, next.kid]);
    clock.advance(599 * SECOND);
    expect(decodeProtectedHeader(await mint(issuer, cookie)).kid).toBe(first);
    clock.advance(1 * SECOND);
    expect(decodeProtectedHeader(await mint(issuer, cookie)).kid).toBe(next.kid);
  });

  it("[KEY-1] publishes a new key for that time even when a vault makes the key slowly", async () => {
    const vault = createLocalVault();
    const issuer = start({
      keys: {
        vault: {
          create: (alg) => {
            clock.advance(90 * SECOND);
            return vault.create(alg);
          },
          open: (key, alg) => vault.open(key, alg),
        },
      },
    });
    const next = await issuer.keys.rotate();
    expect(next.activatesAtSeconds - next.createdAtSeconds).toBe(600);
    expect((await issuer.keys.list())[0]?.retiresAtSeconds).toBe(next.activatesAtSeconds);
  });

  it("[KEY-3] publishes a retired key until the last token that it signed has expired", async () => {
    const issuer = start({ tokenTtlSeconds: 300 });
    const cookie = await signIn(issuer);
    const next = await issuer.keys.rotate();
    clock.advance(599 * SECOND);
    const last = await mint(issuer, cookie);
    clock.advance(1 * SECOND);
    expect((await publishedKids(issuer))[0]).toBe(next.kid);
    clock.advance(264 * SECOND);
    await verify(issuer, last, { nowMs: clock.nowMs });
    clock.advance(105 * SECOND);
    expect(await publishedKids(issuer)).toHaveLength(2);
    clock.advance(10 * SECOND);
    expect(await publishedKids(issuer)).toEqual([next.kid]);
    expect(await states(issuer)).toEqual(["forgotten", "active"]);
  });

  it("announces one successor when rotate is called repeatedly", async () => {
    const issuer = start();
    const all = await Promise.all([issuer.keys.rotate(), issuer.keys.rotate()]);
    expect(new Set([...all, await issuer.keys.rotate()].map(({ kid }) => kid)).size).toBe(1);
  });

  it("announces a successor automatically when a key is nearly 30 days old", async () => {
    const first = start();
    await first.ready;
    await first.close();
    clock.advance(30 * DAY - 11 * MINUTE);
    const early = start();
    expect(await states(early)).toEqual(["active"]);
    await early.close();
    clock.advance(1 * MINUTE);
    const due = start();
    expect(await states(due)).toEqual(["active", "announced"]);
    clock.advance(10 * MINUTE);
    expect(await states(due)).toEqual(["retired", "active"]);
  });

  it("takes effect in other processes on the same store", async () => {
    const issuer = start();
    const cookie = await signIn(issuer);
    const manager = await createKeyManagerForTesting({ store }, { clock });
    const next = await manager.rotate();
    await manager.close();
    await expect.poll(() => publishedKids(issuer)).toContain(next.kid);
    clock.advance(10 * MINUTE);
    expect(decodeProtectedHeader(await mint(issuer, cookie)).kid).toBe(next.kid);
  });

  it("never fails a verification while tokens are minted and verified during two rotations", async () => {
    const issuer = start({ rateLimits: false });
    const cookie = await signIn(issuer);
    const kids = new Set<string>();
    // This verifier fetches the keys at the longest permitted interval.
    let fetchedAtMs = Number.NEGATIVE_INFINITY;
    let jwks = createLocalJWKSet({ keys: [] });
    const check = (token: string): Promise<unknown> =>
      jwtVerify(token, jwks, { issuer: ISSUER_URL, currentDate: new Date(clock.nowMs) });
    let waiting: string | undefined;
    for (let elapsedSeconds = 0; elapsedSeconds < 1_800; elapsedSeconds += 1) {
      if (clock.nowMs - fetchedAtMs >= 300 * SECOND) {
        jwks = createLocalJWKSet(await jwksOf(issuer));
        fetchedAtMs = clock.nowMs;
      }
      if (elapsedSeconds === 10 || elapsedSeconds === 700) await issuer.keys.rotate();
      const token = await mint(issuer, cookie);
      kids.add(String(decodeProtectedHeader(token).kid));
      await check(token);
      // This token has used up most of its lifetime.
      if (elapsedSeconds % 50 === 49 && waiting !== undefined) await check(waiting);
      if (elapsedSeconds % 50 === 0) waiting = token;
      clock.advance(1 * SECOND);
    }
    expect(kids.size).toBe(3);
  });
});

describe("the first key of the key set", () => {
  const signs = async (issuer: Issuer, cookie: string): Promise<void> => {
    const { kid } = decodeProtectedHeader(await mint(issuer, cookie));
    expect((await publishedKids(issuer))[0]).toBe(kid);
    expect((await issuer.keys.jwks()).keys[0]?.kid).toBe(kid);
  };

  it("is the signing key before, during and after a rotation", async () => {
    const issuer = start();
    const cookie = await signIn(issuer);
    await signs(issuer, cookie);
    await issuer.keys.rotate();
    await signs(issuer, cookie);
    clock.advance(600 * SECOND);
    await signs(issuer, cookie);
    expect(await publishedKids(issuer)).toHaveLength(2);
    clock.advance(20 * MINUTE);
    await signs(issuer, cookie);
    expect(await publishedKids(issuer)).toHaveLength(1);
  });

  it("is the signing key after a key was retired or removed", async () => {
    const issuer = start();
    const cookie = await signIn(issuer);
    const [first = ""] = await publishedKids(issuer);
    await issuer.keys.retire(first);
    await signs(issuer, cookie);
    clock.advance(600 * SECOND);
    await signs(issuer, cookie);
    const [second = ""] = await publishedKids(issuer);
    await issuer.keys.rotate();
    await issuer.keys.remove(second);
    await signs(issuer, cookie);
  });

  it("is the EdDSA key when an app needs another algorithm", async () => {
    const issuer = start({ algorithms: { inspector: "ES256" } });
    const cookie = await signIn(issuer);
    await issuer.keys.rotate();
    clock.advance(600 * SECOND);
    await signs(issuer, cookie);
    expect((await jwksOf(issuer)).keys.map(({ alg }) => alg)).toEqual(["EdDSA", "ES256", "EdDSA"]);
  });
});

describe("ending a key", () => {
  it("announces a successor before it retires the active key", async () => {
    const issuer = start();
    await issuer.ready;
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    const retired = await issuer.keys.retire(kid);
    expect(retired).toMatchObject({ kid, state: "active" });
    expect(retired.retiresAtSeconds).toBe(Math.floor(clock.nowMs / 1_000) + 600);
    expect(await states(issuer)).toEqual(["active", "announced"]);
  });

  it("drops an announced key that is retired before it signed", async () => {
    const issuer = start();
    const { kid } = await issuer.keys.rotate();
    expect(await issuer.keys.retire(kid)).toMatchObject({ state: "removed" });
    expect(await states(issuer)).toEqual(["active", "removed"]);
    const cookie = await signIn(issuer);
    clock.advance(20 * MINUTE);
    await verify(issuer, await mint(issuer, cookie), { nowMs: clock.nowMs });
  });

  it("removes a key from the key set in an emergency, and another key signs at once", async () => {
    const issuer = start();
    const cookie = await signIn(issuer);
    const stolen = await mint(issuer, cookie);
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    expect(await issuer.keys.remove(kid)).toMatchObject({ state: "removed" });
    expect(await publishedKids(issuer)).not.toContain(kid);
    await expect(verify(issuer, stolen, { nowMs: clock.nowMs })).rejects.toThrow(
      "no applicable key found",
    );
    await verify(issuer, await mint(issuer, cookie), { nowMs: clock.nowMs });
    const [row] = await place.rows();
    expect(row).toMatchObject({ kid, private_reference: "" });
  });

  it("signs with the announced key, if any, after an emergency removal", async () => {
    const issuer = start();
    const next = await issuer.keys.rotate();
    const [{ kid } = { kid: "" }] = await issuer.keys.list();
    await issuer.keys.remove(kid);
    expect(await publishedKids(issuer)).toEqual([next.kid]);
    expect(await states(issuer)).toEqual(["removed", "active"]);
  });

  it.each(["retire", "remove"] as const)("refuses to %s an unknown key", async (verb) => {
    await expect(start().keys[verb]("nope")).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  });
});

describe("algorithms", () => {
  it("signs with ES256 for an app that needs it, and with EdDSA for the others", async () => {
    const issuer = start({ algorithms: { inspector: "ES256" } });
    const cookie = await signIn(issuer);
    const token = await mint(issuer, cookie, "inspector");
    expect(decodeProtectedHeader(token)).toEqual({
      alg: "ES256",
      typ: "JWT",
      kid: expect.any(String) as string,
    });
    await verify(issuer, token, { nowMs: clock.nowMs, audience: "inspector" });
    expect(decodeProtectedHeader(await mint(issuer, cookie)).alg).toBe("EdDSA");
    const { keys } = await jwksOf(issuer);
    expect(keys.map(({ alg, use }) => `${alg} ${use}`).sort()).toEqual(["ES256 sig", "EdDSA sig"]);
    const next = await issuer.keys.rotate("ES256");
    expect(next).toMatchObject({ alg: "ES256", state: "announced" });
  });
});

describe("an ES256 signature", () => {
  const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
  const sOf = (token: string): bigint =>
    BigInt(`0x${Buffer.from(token.split(".")[2] ?? "", "base64url").toString("hex", 32)}`);

  it.each([
    ["low", false, "synchronously"],
    ["high", true, "synchronously"],
    ["high", true, "asynchronously"],
  ])("has the lower s when a vault signs with the %s one (%s, %s)", async (_s, isHigh, how) => {
    const own = createLocalVault();
    const vault: KeyVault = {
      create: (alg) => own.create(alg),
      async open(key, alg) {
        const signer = await own.open(key, alg);
        const sign = (data: Uint8Array): Uint8Array => {
          const signature = Buffer.from(signer.sign(data) as Uint8Array);
          const low = withLowS(signature);
          if (alg === "EdDSA") return signature;
          return isHigh ? withOtherS(low) : low;
        };
        return { sign: how === "synchronously" ? sign : async (data) => sign(data) };
      },
    };
    const issuer = start({ algorithms: { inspector: "ES256" }, keys: { vault } });
    const cookie = await signIn(issuer);
    for (let round = 0; round < 3; round += 1) {
      const token = await mint(issuer, cookie, "inspector");
      expect(sOf(token)).toBeLessThanOrEqual(HALF_ORDER);
      await verify(issuer, token, { nowMs: clock.nowMs, audience: "inspector" });
    }
    expect(decodeProtectedHeader(await mint(issuer, cookie)).alg).toBe("EdDSA");
  });
});

describe("two processes that start on an empty store at once", () => {
  it("create one key, and both sign with it", async () => {
    const [a, b] = [start(), start()];
    await Promise.all([a.ready, b.ready]);
    const kids = await publishedKids(a);
    expect(kids).toHaveLength(1);
    expect(await publishedKids(b)).toEqual(kids);
    const cookie = await signIn(a);
    await verify(b, await mint(a, cookie), { nowMs: clock.nowMs });
    await verify(a, await mint(b, cookie), { nowMs: clock.nowMs });
  });
});
