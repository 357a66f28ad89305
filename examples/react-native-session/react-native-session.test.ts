/** The JavaScript of the React Native example, with the real client and a real issuer. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ClientSession } from "@breezeway/client";
import { memoryStorage } from "@breezeway/client/testing";
import { createTestClock, type TestClock } from "@breezeway/shared/testing";
import { startNativeIssuer, type NativeIssuer } from "@breezeway/test-support/native-issuer";
import type { Screen } from "./app.ts";
import { bundleApp, launch, refusedPatterns } from "./react-native.ts";

const ALICE = { userId: "alice", tenantId: "acme" };
const script = await bundleApp();
let issuer: NativeIssuer;
let clock: TestClock;
let isOffline: boolean;
let sessions: ClientSession[];

beforeEach(async () => {
  clock = createTestClock({ nowMs: 1_800_000_000_000 });
  issuer = await startNativeIssuer(clock);
  isOffline = false;
  sessions = [];
});
afterEach(async () => {
  for (const session of sessions) session.close();
  await issuer[Symbol.asyncDispose]();
});

interface Phone {
  readonly session: ClientSession;
  readonly screens: Screen[];
  readonly last: () => Screen | undefined;
}

/** A start of the app. The Keychain survives it, the runtime does not. */
function open(keychain: Map<string, string>): Phone {
  const screens: Screen[] = [];
  const app = launch(script, clock, (input, init) =>
    isOffline ? Promise.reject(new TypeError("Network request failed")) : fetch(input, init),
  );
  const session = app.start({
    issuer: issuer.url,
    storage: memoryStorage(keychain),
    show: (screen) => screens.push(screen),
  });
  sessions.push(session);
  return { session, screens, last: () => screens.at(-1) };
}

const codeOf = (action: Promise<unknown>): Promise<unknown> =>
  action.then(
    () => "settled",
    (error: unknown) => (error as { code?: string }).code,
  );

test("the script has no form of a regular expression that Hermes refuses", () => {
  expect(refusedPatterns(String.raw`x = /(?<year>\d+)/; y = RegExp("\\p{L}", "u");`)).toHaveLength(
    1,
  );
  expect(refusedPatterns(script)).toEqual([]);
});

test("shows nobody first, and after a sign-in the user with a token", async () => {
  const keychain = new Map<string, string>();
  const { session, last } = open(keychain);
  await expect.poll(last).toEqual({ userId: null, token: null });
  await session.signIn(ALICE);
  await expect.poll(() => last()?.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(last()?.userId).toBe("alice");
  expect(keychain.size).toBe(1);
});

test("signs in with the secret that a login on the host's server returned", async () => {
  const { secret } = await issuer.issuer.sessions.create({ ...ALICE, scopes: [] });
  const keychain = new Map<string, string>();
  const { session } = open(keychain);
  expect(await session.signIn({ secret })).toMatchObject(ALICE);
  expect([...keychain.values()].join("")).not.toContain(secret);
});

test("renews the token 20 times without a call of the app", async () => {
  const { session, screens } = open(new Map());
  await session.signIn(ALICE);
  const tokens = (): Set<string> =>
    new Set(screens.flatMap(({ token }) => (token === null ? [] : [token])));
  const passTime = async (): Promise<number> => {
    await clock.advance(9_000);
    return tokens().size;
  };
  await expect.poll(passTime).toBeGreaterThan(20);
});

test("ends the session for both when somebody uses a stolen secret, and shows nobody", async () => {
  const keychain = new Map<string, string>();
  const { session, last } = open(keychain);
  const { handle } = await session.signIn(ALICE);
  const stolen = new Map(keychain);
  await clock.advance(1_000);
  await session.refresh();
  await session.refresh();
  await clock.advance(31_000);
  const thief = open(stolen);
  await thief.session.ready;
  expect(await codeOf(thief.session.refresh())).toBe("SIGNED_OUT");
  expect(await codeOf(session.refresh())).toBe("SIGNED_OUT");
  await expect.poll(last).toEqual({ userId: null, token: null });
  expect(keychain.size).toBe(0);
  expect(await issuer.issuer.sessions.get(handle)).toBeUndefined();
});

test("shows nobody after a sign-out, and the issuer has ended the session", async () => {
  const keychain = new Map<string, string>();
  const { session, last } = open(keychain);
  const { handle } = await session.signIn(ALICE);
  await session.signOut();
  await expect.poll(last).toEqual({ userId: null, token: null });
  expect(keychain.size).toBe(0);
  expect(await issuer.issuer.sessions.get(handle)).toBeUndefined();
});

test("continues after a restart, also when it starts without a network", async () => {
  const keychain = new Map<string, string>();
  const first = open(keychain);
  await first.session.signIn(ALICE);
  first.session.close();
  isOffline = true;
  const second = open(keychain);
  await second.session.ready;
  expect(second.session.current).toMatchObject(ALICE);
  expect(await codeOf(second.session.getSessionToken())).toBe("OFFLINE");
  expect(second.screens.filter(({ userId }) => userId === null)).toEqual([]);
  isOffline = false;
  await clock.advance(31_000);
  await expect.poll(() => second.last()?.token).toContain(".");
  expect(second.last()?.userId).toBe("alice");
});
