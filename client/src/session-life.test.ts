/** Every member of a session after `close()`, after a sign-out, and while the session changes. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BridgeError, decodeSessionToken } from "@breezeway/shared";
import { startNativePlatform, type NativePlatform } from "../test-support/native-platform.ts";
import type { ClientSession } from "./index.ts";
import { memoryStorage } from "./testing.ts";

const ALICE = { userId: "alice", tenantId: "acme" };
const BOB = { userId: "bob", tenantId: "acme" };
let platform: NativePlatform;

beforeEach(async () => {
  platform = await startNativePlatform();
});
afterEach(() => platform[Symbol.asyncDispose]());

const outcomeOf = async (action: Promise<unknown>): Promise<unknown> => {
  try {
    return await action;
  } catch (error) {
    return BridgeError.is(error) ? error.code : String(error);
  }
};
const openWithGateway = (): ClientSession => platform.open({ gatewayUrl: "http://127.0.0.1:9" });
const userOf = async (token: string | Promise<string>): Promise<unknown> =>
  decodeSessionToken(await token).claims["userId"];

const END = { value: undefined, done: true };

interface Hold {
  /** Resolves once the store was called. */
  readonly writing: Promise<void>;
  readonly release: () => void;
}

interface Member {
  readonly name: string;
  readonly call: (session: ClientSession) => Promise<unknown>;
  readonly closed: unknown;
  readonly signedOut: unknown;
}

const members: readonly Member[] = [
  {
    name: "tokens() of an app with tokens",
    call: (session) => session.tokens().next(),
    closed: END,
    signedOut: { value: null, done: false },
  },
  {
    name: "tokens() of another app",
    call: (session) => session.tokens("inspector").next(),
    closed: END,
    signedOut: { value: null, done: false },
  },
  {
    name: "getSessionToken()",
    call: (session) => session.getSessionToken(),
    closed: "CHANNEL_CLOSED",
    signedOut: "SIGNED_OUT",
  },
  {
    name: "getSessionToken() of another app",
    call: (session) => session.getSessionToken("inspector"),
    closed: "CHANNEL_CLOSED",
    signedOut: "SIGNED_OUT",
  },
  {
    name: "fetch()",
    call: (session) => session.fetch("/orders"),
    closed: "CHANNEL_CLOSED",
    signedOut: "SIGNED_OUT",
  },
  {
    name: "refresh()",
    call: (session) => session.refresh(),
    closed: "CHANNEL_CLOSED",
    signedOut: "SIGNED_OUT",
  },
  {
    name: "switchTenant()",
    call: (session) => session.switchTenant("globex"),
    closed: "CHANNEL_CLOSED",
    signedOut: "SIGNED_OUT",
  },
  {
    name: "signOut()",
    call: (session) => session.signOut(),
    closed: "CHANNEL_CLOSED",
    signedOut: undefined,
  },
  {
    name: "signIn()",
    call: (session) => session.signIn(BOB),
    closed: "CHANNEL_CLOSED",
    signedOut: expect.objectContaining(BOB),
  },
  {
    name: "ready",
    call: (session) => session.ready,
    closed: undefined,
    signedOut: undefined,
  },
];

describe("after close()", () => {
  it.each(members)("$name asks for nothing and sets no timer", async ({ call, closed }) => {
    const session = openWithGateway();
    await session.signIn(ALICE);
    await session.getSessionToken();
    session.close();
    const asked = platform.requests.length;
    expect(await outcomeOf(call(session))).toEqual(closed);
    await platform.clock.advance(2 * 60 * 60_000);
    expect(platform.requests.slice(asked)).toEqual([]);
    expect(platform.clock.timers).toBe(0);
  });

  it("current stays, a subscriber hears it once, and a second close() changes nothing", async () => {
    const session = openWithGateway();
    await session.signIn(ALICE);
    session.close();
    session.close();
    const heard: unknown[] = [];
    session.subscribe((user) => heard.push(user?.userId));
    expect(session.current).toMatchObject(ALICE);
    expect(heard).toEqual(["alice"]);
  });

  it("a call that waits for a token rejects with CHANNEL_CLOSED", async () => {
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const session = platform.open({
      fetch: async (input, init) => {
        if (JSON.stringify(input).includes("/session/token")) {
          asked.resolve();
          await gate.promise;
        }
        return fetch(input, init);
      },
    });
    await session.signIn(ALICE);
    const waiting = outcomeOf(session.getSessionToken());
    await asked.promise;
    session.close();
    gate.resolve();
    expect(await waiting).toBe("CHANNEL_CLOSED");
  });

  it("before the stored session was read, nothing is asked for", async () => {
    const session = openWithGateway();
    session.close();
    await session.ready;
    expect(await session.tokens().next()).toEqual(END);
    expect([platform.requests, platform.clock.timers]).toEqual([[], 0]);
  });
});

describe("after signOut()", () => {
  it.each(members)("$name knows that nobody is signed in", async ({ call, signedOut }) => {
    const session = openWithGateway();
    await session.signIn(ALICE);
    await session.getSessionToken();
    await session.signOut();
    expect(await outcomeOf(call(session))).toEqual(signedOut);
  });

  it("no request carries the secret, and only the rotation's timer is left", async () => {
    const session = openWithGateway();
    await session.signIn(ALICE);
    const stream = session.tokens();
    await stream.next();
    await session.signOut();
    const asked = platform.requests.length;
    await platform.clock.advance(2 * 60 * 60_000);
    expect(platform.requests.slice(asked)).toEqual([]);
    expect(platform.clock.timers).toBe(1);
  });
});

describe("a token belongs to the session that current shows", () => {
  /** A store whose `set` waits, as a Keychain does. */
  function openWithSlowStorage(): { session: ClientSession; hold: () => Hold } {
    const storage = memoryStorage(platform.stored);
    let current:
      | { writing: PromiseWithResolvers<void>; gate: PromiseWithResolvers<void> }
      | undefined;
    const session = platform.open({
      storage: {
        ...storage,
        set: async (key, value) => {
          current?.writing.resolve();
          await current?.gate.promise;
          storage.set(key, value);
        },
      },
    });
    const hold = (): Hold => {
      const [writing, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      current = { writing, gate };
      return { writing: writing.promise, release: () => gate.resolve() };
    };
    return { session, hold };
  }

  it.each([
    ["a sign-in of another user", (session: ClientSession) => session.signIn(BOB), "bob", "acme"],
    [
      "a tenant switch",
      (session: ClientSession) => session.switchTenant("globex"),
      "alice",
      "globex",
    ],
  ])("while the store still writes after %s", async (_what, change, userId, tenantId) => {
    const { session, hold } = openWithSlowStorage();
    await session.signIn(ALICE);
    await session.getSessionToken();
    const { writing, release } = hold();
    const changing = change(session);
    await writing;
    expect(session.current).toMatchObject({ userId, tenantId });
    const asking = session.getSessionToken();
    release();
    expect(decodeSessionToken(await asking).claims).toMatchObject({ userId, tenantId });
    await changing;
  });

  it("and no request carries a new secret before the store has it", async () => {
    const { session, hold } = openWithSlowStorage();
    await session.signIn(ALICE);
    const { writing, release } = hold();
    const refreshing = session.refresh();
    await writing;
    const asking = session.getSessionToken();
    await platform.clock.advance(0);
    expect(platform.requests.at(-1)).toBe("POST /auth/session/refresh");
    release();
    await Promise.all([refreshing, asking]);
    expect(platform.requests.at(-1)).toBe("POST /auth/session/token");
  });

  it("in a stream that was open before the sign-in of another user", async () => {
    const session = platform.open();
    await session.signIn(ALICE);
    const stream = session.tokens();
    expect(await userOf((await stream.next()).value ?? "")).toBe("alice");
    await session.signIn(BOB);
    expect(await userOf((await stream.next()).value ?? "")).toBe("bob");
    await stream.return?.();
  });
});

describe("a rotation that is due", () => {
  const HOUR_MS = 60 * 60_000;
  const rotations = (): number =>
    platform.requests.filter((request) => request.endsWith("/session/refresh")).length;

  it("is made by programs that each run for a short time", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    first.close();
    await platform.clock.advance(HOUR_MS - 1_000);
    const second = platform.open();
    await second.getSessionToken();
    await platform.clock.advance(0);
    expect(rotations()).toBe(0);
    second.close();
    await platform.clock.advance(1_000);
    const third = platform.open();
    await third.ready;
    await platform.clock.advance(0);
    await expect.poll(rotations).toBe(1);
    expect(await third.getSessionToken()).toContain(".");
  });

  it("waits a whole hour when the device's clock was set back", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    first.close();
    const stored = platform.stored.get("breezeway-session") ?? "";
    platform.stored.set(
      "breezeway-session",
      stored.replace(/"rotatedAtMs":\d+/, `"rotatedAtMs":${platform.clock.now() + 24 * HOUR_MS}`),
    );
    const second = platform.open();
    await second.ready;
    await platform.clock.advance(HOUR_MS - 1);
    expect(rotations()).toBe(0);
    await platform.clock.advance(1);
    await expect.poll(rotations).toBe(1);
  });
});

describe("two programs with one store", () => {
  it("share the session: what one rotates, the other uses", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    const second = platform.open();
    await second.ready;
    await first.refresh();
    await platform.clock.advance(31_000);
    expect(await second.getSessionToken()).toContain(".");
    await second.refresh();
    await platform.clock.advance(31_000);
    await first.refresh();
    expect([first.current, second.current]).toEqual([first.current, first.current]);
    expect(first.current).toMatchObject(ALICE);
  });

  it("show the user whom one of them has signed in", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    const second = platform.open();
    await second.getSessionToken();
    await first.signIn(BOB);
    await platform.clock.advance(61_000);
    expect(await userOf(second.getSessionToken())).toBe("bob");
    expect(second.current).toMatchObject(BOB);
  });

  it("are both signed out after a sign-out in one of them", async () => {
    const first = platform.open();
    await first.signIn(ALICE);
    const second = platform.open();
    await second.ready;
    await first.signOut();
    expect(await outcomeOf(second.refresh())).toBe("SIGNED_OUT");
    expect(second.current).toBeNull();
  });
});

describe("a store that failed", () => {
  it("gets the secret at the next call, so that a restart continues the session", async () => {
    const storage = memoryStorage(platform.stored);
    let isLocked = false;
    const errors: unknown[] = [];
    const session = platform.open({
      storage: {
        ...storage,
        set: (key, value) => {
          if (isLocked) throw new Error("locked");
          storage.set(key, value);
        },
      },
      onError: (error) => errors.push(error),
    });
    await session.signIn(ALICE);
    isLocked = true;
    await session.refresh();
    expect(errors).toEqual([expect.objectContaining({ code: "STORE_UNAVAILABLE" })]);
    isLocked = false;
    await session.getSessionToken();
    session.close();
    await platform.clock.advance(31_000);
    expect(await platform.open().getSessionToken()).toContain(".");
    expect(errors).toHaveLength(1);
  });

  it("that keeps nothing holds no session across a restart, and one until then", async () => {
    const session = platform.open({
      storage: { get: () => null, set: () => undefined, remove: () => undefined },
    });
    await session.signIn(ALICE);
    await session.refresh();
    expect(await session.getSessionToken()).toContain(".");
  });
});
