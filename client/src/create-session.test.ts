import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BridgeError, decodeSessionToken } from "@breezeway/shared";
import { startNativePlatform, type NativePlatform } from "../test-support/native-platform.ts";
import { createSession } from "./index.ts";
import { memoryStorage } from "./testing.ts";

const ALICE = { userId: "alice", tenantId: "acme" };
const KEY = "breezeway-session";
let platform: NativePlatform;

beforeEach(async () => {
  platform = await startNativePlatform();
});
afterEach(() => platform[Symbol.asyncDispose]());

const codeOf = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => "settled",
    (error: unknown) => (BridgeError.is(error) ? error.code : String(error)),
  );
const storedSecret = (): string =>
  (JSON.parse(platform.stored.get(KEY) ?? "{}") as { session: { secret: string } }).session.secret;

describe("signing in", () => {
  it("with the development login opens a session and stores its secret", async () => {
    const session = platform.open();
    const seen: (string | undefined)[] = [];
    session.subscribe((summary) => seen.push(summary?.userId));
    expect(await session.signIn(ALICE)).toMatchObject(ALICE);
    expect(seen).toEqual([undefined, "alice"]);
    expect(session.current).toMatchObject(ALICE);
    expect(storedSecret()).toMatch(/^[\w-]{64}$/);
  });

  it("with a secret of the host's own server replaces that secret at once", async () => {
    const { secret } = await platform.issuer.sessions.create({ ...ALICE, scopes: [] });
    const session = platform.open();
    expect(await session.signIn({ secret })).toMatchObject(ALICE);
    expect(storedSecret()).not.toBe(secret);
  });

  it("ends the session that the program had before", async () => {
    const session = platform.open();
    const { handle } = await session.signIn(ALICE);
    const { secret } = await platform.issuer.sessions.create({ ...ALICE, scopes: [] });
    await session.signIn({ secret });
    await expect.poll(() => platform.issuer.sessions.get(handle)).toBeUndefined();
  });

  it("rejects a secret that was never one, without sending it", async () => {
    const session = platform.open();
    expect(await codeOf(session.signIn({ secret: "no secret" }))).toBe("CONFIG_INVALID");
    expect(platform.requests).toEqual([]);
  });

  it("with a secret that has ended rejects with SIGNED_OUT and keeps nothing", async () => {
    const { secret, session: info } = await platform.issuer.sessions.create({
      ...ALICE,
      scopes: [],
    });
    await platform.issuer.sessions.revoke(info.handle);
    expect(await codeOf(platform.open().signIn({ secret }))).toBe("SIGNED_OUT");
    expect(platform.stored.size).toBe(0);
  });
});

describe("tokens", () => {
  it("renews 20 times while a stream is open, and hands out no expired token", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    const tokens: string[] = [];
    for await (const token of session.tokens()) {
      expect(token).not.toBeNull();
      const { claims } = decodeSessionToken(token ?? "");
      expect(claims["exp"]).toBeGreaterThan(platform.clock.now() / 1_000);
      tokens.push(token ?? "");
      if (tokens.length === 21) break;
      await platform.clock.advance(46_000);
    }
    expect(new Set(tokens).size).toBe(21);
  });

  it("does not renew ahead of expiry with polling off, but still hands out fresh tokens", async () => {
    const session = platform.open({ polling: false });
    await session.signIn(ALICE);
    const stream = session.tokens();
    const first = (await stream.next()).value;
    const asked = platform.requests.length;
    await platform.clock.advance(120_000);
    await session.refresh();
    expect(platform.requests.slice(asked)).toEqual(["POST /auth/session/refresh"]);
    const second = await session.getSessionToken();
    expect(second).not.toBe(first);
    expect((await stream.next()).value).toBe(second);
    await stream.return?.();
  });

  it("yields null when the user signs out, and a token again after the next sign-in", async () => {
    const session = platform.open();
    const stream = session.tokens();
    expect((await stream.next()).value).toBeNull();
    await session.signIn(ALICE);
    const token = (await stream.next()).value;
    expect(decodeSessionToken(token ?? "").claims).toMatchObject(ALICE);
    await session.signOut();
    expect((await stream.next()).value).toBeNull();
    await stream.return?.();
  });

  it("ends a stream that waits when the session is closed", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    const stream = session.tokens();
    await stream.next();
    const waiting = stream.next();
    session.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await codeOf(session.getSessionToken())).toBe("CHANNEL_CLOSED");
    expect(platform.clock.timers).toBe(0);
  });

  it("is for the new tenant after a switch", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    await session.getSessionToken();
    expect(await session.switchTenant("globex")).toMatchObject({ tenantId: "globex" });
    const { claims } = decodeSessionToken(await session.getSessionToken());
    expect(claims).toMatchObject({ tenantId: "globex", aud: "orders" });
  });

  it("names the missing app id", async () => {
    const session = platform.open({ appId: undefined } as never);
    expect(await codeOf(session.getSessionToken())).toBe("CONFIG_INVALID");
    await session.signIn(ALICE);
    expect(await session.getSessionToken("orders")).toContain(".");
  });
});

describe("the secret", () => {
  it("rotates every hour, and the stored one is the latest", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    const first = storedSecret();
    await platform.clock.advance(60 * 60_000);
    await expect.poll(storedSecret).not.toBe(first);
    expect(await session.getSessionToken()).toContain(".");
  });

  it("is rotated once, however many ask", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    await Promise.all([session.refresh(), session.refresh(), session.refresh()]);
    const rotations = platform.requests.filter((request) => request.endsWith("/session/refresh"));
    expect(rotations).toHaveLength(1);
  });

  it("survives a lost answer of a refresh", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    platform.losesAnswer = true;
    expect(await codeOf(session.refresh())).toBe("OFFLINE");
    await session.refresh();
    expect(await session.getSessionToken()).toContain(".");
  });

  it("that a thief has used ends the session for both: theft is noticed", async () => {
    const session = platform.open();
    const { handle } = await session.signIn(ALICE);
    const stolen = new Map(platform.stored);
    await platform.clock.advance(1_000);
    await session.refresh();
    await session.refresh();
    await platform.clock.advance(31_000);
    const thief = platform.open({ storage: memoryStorage(stolen) });
    await thief.ready;
    expect(await codeOf(thief.refresh())).toBe("SIGNED_OUT");
    expect(await codeOf(session.refresh())).toBe("SIGNED_OUT");
    expect(session.current).toBeNull();
    expect(platform.stored.size).toBe(0);
    expect(await platform.issuer.sessions.get(handle)).toBeUndefined();
  });

  it("is in no error, no event and no request line", async () => {
    const errors: unknown[] = [];
    const storage = memoryStorage(platform.stored);
    const session = platform.open({
      storage: {
        ...storage,
        set: (key, value) => {
          storage.set(key, value);
          throw new Error(`cannot keep ${value}`);
        },
      },
      onError: (error) => errors.push(error),
    });
    await session.signIn(ALICE);
    const secret = storedSecret();
    platform.isOffline = true;
    errors.push(await session.refresh().catch((error: unknown) => error));
    errors.push(await session.signOut().catch((error: unknown) => error));
    expect(errors.length).toBeGreaterThan(2);
    for (const error of errors) {
      const text = JSON.stringify(error) + String(error) + String((error as Error).cause);
      expect(text).not.toContain(secret);
    }
    expect(platform.requests.join()).not.toContain(secret);
  });
});

describe("signing out", () => {
  it("ends the session at the issuer and empties the store", async () => {
    const session = platform.open();
    const { handle } = await session.signIn(ALICE);
    await session.signOut();
    expect(session.current).toBeNull();
    expect(platform.stored.size).toBe(0);
    expect(await platform.issuer.sessions.get(handle)).toBeUndefined();
    expect(await codeOf(session.getSessionToken())).toBe("SIGNED_OUT");
  });

  it("without a network takes effect here, and at the issuer after the next start", async () => {
    const session = platform.open();
    const { handle } = await session.signIn(ALICE);
    platform.isOffline = true;
    expect(await codeOf(session.signOut())).toBe("OFFLINE");
    expect(session.current).toBeNull();
    session.close();
    platform.isOffline = false;
    const restarted = platform.open();
    await restarted.ready;
    expect(restarted.current).toBeNull();
    await expect.poll(() => platform.issuer.sessions.get(handle)).toBeUndefined();
    await expect.poll(() => platform.stored.size).toBe(0);
  });

  it("wins over a refresh that is under way", async () => {
    const session = platform.open();
    const { handle } = await session.signIn(ALICE);
    const refreshing = codeOf(session.refresh());
    await session.signOut();
    expect(["SIGNED_OUT", "settled"]).toContain(await refreshing);
    expect(session.current).toBeNull();
    await expect.poll(() => platform.issuer.sessions.get(handle)).toBeUndefined();
  });
});

describe("a restart", () => {
  it("continues the stored session", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    first.close();
    const second = platform.open();
    await second.ready;
    expect(second.current).toMatchObject(ALICE);
    expect(await second.getSessionToken()).toContain(".");
  });

  it("without a network shows the last session, and gets tokens once the network is back", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    first.close();
    platform.isOffline = true;
    const second = platform.open();
    await second.ready;
    expect(second.current).toMatchObject(ALICE);
    expect(await codeOf(second.getSessionToken())).toBe("OFFLINE");
    const stream = second.tokens();
    const next = stream.next();
    platform.isOffline = false;
    await platform.clock.advance(31_000);
    expect((await next).value).toContain(".");
    await stream.return?.();
  });

  it("finds out that the session was revoked meanwhile", async () => {
    const first = platform.open();
    const { handle } = await first.signIn(ALICE);
    first.close();
    await platform.issuer.sessions.revoke(handle);
    const second = platform.open();
    await second.ready;
    await expect.poll(() => second.current).toBeNull();
    await expect.poll(() => platform.stored.size).toBe(0);
  });

  it.each(["", "{", '{"session":{"secret":"x"}}', "null", "[]"])(
    "with a malformed stored value (%j) reports it and is signed out",
    async (value) => {
      platform.stored.set(KEY, value);
      const errors: unknown[] = [];
      const session = platform.open({ onError: (error) => errors.push(error) });
      await session.ready;
      expect(session.current).toBeNull();
      expect(errors).toHaveLength(1);
      expect(await session.signIn(ALICE)).toMatchObject(ALICE);
    },
  );
});

describe("fetch", () => {
  const TOKEN = /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/;

  function openWithGateway(answers: (headers: Headers) => Response) {
    const seen: [string, string | null][] = [];
    const session = platform.open({
      gatewayUrl: "https://gateway.example/v1",
      gatewayOrigins: ["https://files.example"],
      fetch: async (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        if (!url.includes(".example")) return fetch(input, init);
        const headers = new Headers(init?.headers);
        seen.push([url, headers.get("authorization")]);
        return answers(headers);
      },
    });
    return { session, seen };
  }

  it("sends a token to the gateway and to the other named origins", async () => {
    const { session, seen } = openWithGateway(() => new Response("fine"));
    await session.signIn(ALICE);
    await session.fetch("/orders");
    await session.fetch("https://files.example/a");
    expect(seen.map(([url]) => url)).toEqual([
      "https://gateway.example/v1/orders",
      "https://files.example/a",
    ]);
    for (const [, authorization] of seen) expect(authorization).toMatch(TOKEN);
  });

  it.each(["https://evil.example/", "//evil.example/", "http://gateway.example/v1/x", "data:,x"])(
    "refuses %s before it asks for a token",
    async (url) => {
      const { session, seen } = openWithGateway(() => new Response("fine"));
      expect(await codeOf(session.fetch(url))).toBe("FETCH_ORIGIN_NOT_ALLOWED");
      expect(seen).toEqual([]);
    },
  );

  it("retries once with another token after 401 with action refresh", async () => {
    let answers = 0;
    const { session, seen } = openWithGateway(() => {
      answers += 1;
      if (answers > 1) return new Response("fine");
      const headers = { "content-type": "application/problem+json" };
      return new Response(JSON.stringify({ action: "refresh" }), { status: 401, headers });
    });
    await session.signIn(ALICE);
    await session.getSessionToken();
    await platform.clock.advance(2_000);
    const response = await session.fetch("/orders", { method: "POST", body: "{}" });
    expect(response.status).toBe(200);
    expect(new Set(seen.map(([, authorization]) => authorization)).size).toBe(2);
  });
});

it.each([
  [{ issuer: "http://shell.example/auth" }, "issuer"],
  [{ issuer: "https://shell.example/auth/" }, "issuer"],
  [{ storage: {} }, "storage"],
  [{ poling: true }, 'Did you mean "polling"'],
  [{ gatewayUrl: "http://gateway.example" }, "gatewayUrl"],
])("refuses %j and names the option", (options, named) => {
  const base = { issuer: "https://shell.example/auth", storage: memoryStorage() };
  expect(() => createSession({ ...base, ...(options as object) })).toThrow(named);
});
