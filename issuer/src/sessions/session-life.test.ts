import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import {
  call,
  cookieOf,
  reasonOf,
  signIn,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

let clock: TestClock;
let issuer: Issuer;

beforeEach(() => {
  clock = testClock();
  issuer = testIssuer({ clock });
});

afterEach(() => issuer.close());

const refresh = (cookie: string): Promise<Response> =>
  call(issuer, "/session/refresh", { method: "POST", cookie });

const status = async (cookie: string): Promise<string> => {
  const response = await call(issuer, "/session", { cookie });
  return response.ok ? "live" : reasonOf(response);
};

const claimsFor = async (cookie: string, appId = "orders"): Promise<Record<string, unknown>> => {
  const response = await call(issuer, "/session/token", {
    method: "POST",
    body: { appId },
    cookie,
  });
  const { token } = (await response.json()) as { token: string };
  return decodeJwt(token);
};

describe("a clock that was set back", () => {
  it("does not shorten the idle time of a session in use", async () => {
    const first = await signIn(issuer);
    clock.advance(3_600 * SECOND);
    const second = cookieOf(await refresh(first));
    clock.advance(-3_600 * SECOND);
    const third = cookieOf(await refresh(second));
    clock.advance(7 * DAY + 1_800 * SECOND);
    expect(await status(third)).toBe("live");
    clock.advance(7 * DAY);
    expect(await status(third)).toBe("401 session-expired");
  });
});

describe("rotation", () => {
  it("issues a new secret and accepts the old one within grace", async () => {
    const first = await signIn(issuer);
    const second = cookieOf(await refresh(first));
    expect(second).not.toBe(first);
    expect(await status(second)).toBe("live");
    clock.advance(30 * SECOND);
    expect(await status(first)).toBe("live");
  });

  it("does not move the window when the previous secret is used again", async () => {
    const first = await signIn(issuer);
    await refresh(first);
    clock.advance(20 * SECOND);
    const second = cookieOf(await refresh(first));
    clock.advance(11 * SECOND);
    expect(await reasonOf(await refresh(first))).toBe("401 refresh-reused");
    expect(await status(second)).toBe("401 session-revoked");
  });

  it("ends the session for all when an old secret refreshes after grace", async () => {
    const stolen = await signIn(issuer);
    const current = cookieOf(await refresh(stolen));
    clock.advance(31 * SECOND);
    expect(await reasonOf(await refresh(stolen))).toBe("401 refresh-reused");
    expect(await reasonOf(await refresh(current))).toBe("401 session-revoked");
  });

  it("ends the session when an old secret reads after grace", async () => {
    const stolen = await signIn(issuer);
    const current = cookieOf(await refresh(stolen));
    clock.advance(31 * SECOND);
    expect(await status(stolen)).toBe("401 refresh-reused");
    expect(await status(current)).toBe("401 session-revoked");
  });

  it("ends the session when a secret two rotations old refreshes within grace", async () => {
    const first = await signIn(issuer);
    const second = cookieOf(await refresh(first));
    await refresh(second);
    expect(await reasonOf(await refresh(first))).toBe("401 refresh-reused");
  });

  it.each([
    ["in order", 1],
    ["in reverse", 0],
  ])(
    "keeps the session of two tabs without locks that refresh at once when the answers arrive %s",
    async (_order, last) => {
      const first = await signIn(issuer);
      const answers = [cookieOf(await refresh(first)), cookieOf(await refresh(first))];
      for (const answer of answers) expect(await status(answer)).toBe("live");
      const kept = answers[last] ?? "";
      clock.advance(3_600 * SECOND);
      expect(await status(kept)).toBe("live");
      expect((await refresh(kept)).status).toBe(200);
    },
  );

  it("ends the session when two secrets of one grace are both used after it, as an owner and a thief would", async () => {
    const first = await signIn(issuer);
    const [owner, thief] = [cookieOf(await refresh(first)), cookieOf(await refresh(first))];
    clock.advance(31 * SECOND);
    expect(await status(owner)).toBe("live");
    expect(await status(thief)).toBe("401 refresh-reused");
    expect(await status(owner)).toBe("401 session-revoked");
  });

  it("refuses to read with a secret two rotations old within grace, and keeps the session", async () => {
    const first = await signIn(issuer);
    const second = cookieOf(await refresh(first));
    const third = cookieOf(await refresh(second));
    expect(await status(first)).toBe("401 session-missing");
    expect(await status(third)).toBe("live");
  });

  it("does not end a session for an invented secret with the handle of its tokens", async () => {
    const cookie = await signIn(issuer);
    const { handle } = (await (await call(issuer, "/session", { cookie })).json()) as {
      handle: string;
    };
    const madeUp = Buffer.concat([Buffer.from(handle, "base64url"), Buffer.alloc(32)]);
    const forged = `breezeway=${madeUp.toString("base64url")}`;
    expect(await reasonOf(await refresh(forged))).toBe("401 session-missing");
    expect(await status(cookie)).toBe("live");
  });
});

describe("timeouts", () => {
  it("ends a session after 7 days without activity", async () => {
    const cookie = await signIn(issuer);
    clock.advance(7 * DAY);
    expect(await status(cookie)).toBe("401 session-expired");
    expect(await reasonOf(await refresh(cookie))).toBe("401 session-expired");
  });

  it("keeps a session in use for 30 days and no longer", async () => {
    let cookie = await signIn(issuer);
    for (let day = 0; day < 29; day += 1) {
      clock.advance(1 * DAY);
      cookie = cookieOf(await refresh(cookie));
    }
    clock.advance(1 * DAY);
    expect(await reasonOf(await refresh(cookie))).toBe("401 session-expired");
  });

  it("counts reading the session as activity", async () => {
    const cookie = await signIn(issuer);
    clock.advance(6 * DAY);
    expect(await status(cookie)).toBe("live");
    clock.advance(6 * DAY);
    expect(await status(cookie)).toBe("live");
  });

  it("gives the cookie the remaining life of the session", async () => {
    const login = await call(issuer, "/login/dev", {
      method: "POST",
      body: { userId: "alice", tenantId: "acme" },
    });
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^breezeway=[\w-]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/,
      ),
    ]);
  });

  it("keeps a session when the clock is set back, or jumps ahead and is corrected", async () => {
    const cookie = await signIn(issuer);
    clock.advance(-3_600 * SECOND);
    const second = cookieOf(await refresh(cookie));
    expect(await status(second)).toBe("live");
    clock.advance(60 * DAY);
    expect(await status(second)).toBe("401 session-expired");
    clock.advance(-60 * DAY);
    expect(await status(second)).toBe("live");
  });
});

describe("switching the tenant", () => {
  const switchTo = (cookie: string, tenantId: string): Promise<Response> =>
    call(issuer, "/session/tenant", { method: "POST", body: { tenantId }, cookie });

  it("renews the secret and mints tokens of the new tenant with its scopes", async () => {
    const first = await signIn(issuer);
    const response = await switchTo(first, "globex");
    expect(await response.clone().json()).toMatchObject({
      tenantId: "globex",
      tenants: ["acme", "globex"],
      scopes: ["orders:read"],
    });
    const second = cookieOf(response);
    expect(second).not.toBe(first);
    expect(await claimsFor(second)).toMatchObject({ tenantId: "globex", scope: "orders:read" });
  });

  it.each(["initech", "__proto__", "constructor", "toString"])(
    "refuses the tenant %s, to which the user does not belong",
    async (tenantId) => {
      const cookie = await signIn(issuer);
      expect(await reasonOf(await switchTo(cookie, tenantId))).toBe("403 tenant-not-allowed");
      expect(await claimsFor(cookie)).toMatchObject({ tenantId: "acme" });
    },
  );
});

describe("signing in and out", () => {
  it("ends the session that the browser had before", async () => {
    const before = await signIn(issuer);
    const response = await call(issuer, "/login/dev", {
      method: "POST",
      body: { userId: "bob", tenantId: "acme" },
      cookie: before,
    });
    expect(cookieOf(response)).not.toBe(before);
    expect(await status(before)).toBe("401 session-revoked");
  });

  it("ends the session of an old secret", async () => {
    const first = await signIn(issuer);
    const second = cookieOf(await refresh(first));
    await call(issuer, "/session", { method: "DELETE", cookie: first });
    expect(await status(second)).toBe("401 session-revoked");
  });

  it("clears the cookie even without a session", async () => {
    const response = await call(issuer, "/session", { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()[0]).toContain("breezeway=; ");
  });
});

describe("tokens", () => {
  it("carry only scopes that both the app and the user have", async () => {
    const bob = await signIn(issuer, "bob");
    expect(await claimsFor(bob)).toMatchObject({ scope: "orders:read" });
    expect(await claimsFor(bob, "inspector")).toMatchObject({ scope: "", aud: "inspector" });
  });

  it("expire at times that spread over a tenth of their life, in whole seconds", async () => {
    const cookie = await signIn(issuer);
    const lives = new Set<number>();
    for (let index = 0; index < 60; index += 1) {
      const { iat, exp } = (await claimsFor(cookie)) as { iat: number; exp: number };
      expect(Number.isInteger(iat) && Number.isInteger(exp)).toBe(true);
      lives.add(exp - iat);
    }
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(54);
    expect(Math.max(...lives)).toBeLessThanOrEqual(60);
    expect(lives.size).toBeGreaterThan(2);
  });
});
