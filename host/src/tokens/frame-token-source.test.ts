/** Tests key-bound tokens through a host, an issuer in memory, and guests that name keys. */
import { BridgeError, decodeSessionToken, type Hello } from "@breezeway/shared";
import { createSkew } from "@breezeway/shared/channel";
import { createTestClock } from "@breezeway/shared/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { Host, HostOptions } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type HostTestHooks,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";
import { createTokenSource, type TokenSource } from "@breezeway/shared/session";
import { createFrameTokenSource } from "./frame-token-source.ts";
import { soloTabs, type TabMessage } from "../tabs/tabs.ts";

const KEY_A = `${"a".repeat(42)}A`;
const KEY_B = `${"b".repeat(42)}A`;
const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/app" };

const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

function setUp(
  options: Partial<HostOptions> = {},
  hooks: HostTestHooks = {},
): { issuer: TestIssuer; host: Host } {
  const issuer = createTestIssuer();
  const host = createHostForTesting(
    { ...issuer.hostOptions, apps: [orders], ...options },
    { ...issuer.hooks, ...hooks },
  );
  open.push(host);
  return { issuer, host };
}

function guestWith(
  { issuer, host }: { issuer: TestIssuer; host: Host },
  hello: { proofKeyThumbprint?: string },
): TestGuest {
  const guest = createTestGuest({ clock: issuer.clock, hello });
  host.mount("orders", { place: guest.place });
  return guest;
}

const boundTo = (token: string | undefined): unknown =>
  (decodeSessionToken(token ?? "").claims["cnf"] as { jkt: string } | undefined)?.jkt;

const keyOf = (guest: TestGuest): unknown => boundTo(guest.state.token?.token);

/** Connects, and waits for the token that is minted after the hello. */
async function connectWithToken(
  guest: TestGuest,
  connecting: Promise<unknown> = guest.connect(),
): Promise<string> {
  await connecting;
  const token = String(await guest.call("getSessionToken"));
  await guest.settled();
  expect(guest.state.token?.token).toBe(token);
  return token;
}

describe("a guest that names a key", () => {
  it("gets tokens bound to that key, pushed and from every method", async () => {
    const { issuer, host } = setUp();
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    // The app's unbound token is there by now.
    await issuer.advance(0);
    expect(issuer.mints).toEqual(["orders"]);
    const { token } = await guest.connect();
    expect(token && boundTo(token.token)).toBeNull();
    expect(boundTo(await connectWithToken(guest, guest.settled()))).toBe(KEY_A);
    expect(keyOf(guest)).toBe(KEY_A);
    const granted = (await guest.call("bridge.token")) as { token: string };
    expect(boundTo(granted.token)).toBe(KEY_A);
    expect(boundTo((await guest.call("getSessionToken")) as string)).toBe(KEY_A);
  });

  it("receives refreshed tokens bound to its key, and other frames receive their own [FK-1]", async () => {
    const { issuer, host } = setUp();
    const guests = [
      guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A }),
      guestWith({ issuer, host }, { proofKeyThumbprint: KEY_B }),
      guestWith({ issuer, host }, {}),
    ];
    for (const guest of guests) await connectWithToken(guest);
    const first = guests.map(({ state }) => state.token?.token);
    await issuer.advance(50_000);
    expect(guests.map(keyOf)).toEqual([KEY_A, KEY_B, undefined]);
    for (const [index, { state }] of guests.entries()) {
      expect(state.token?.token).not.toBe(first[index]);
    }
  });

  it("gets tokens of the new tenant after a switch, bound to the same key", async () => {
    const { issuer, host } = setUp();
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    await guest.connect();
    await host.session.switchTenant("globex");
    await guest.settled();
    const { claims } = decodeSessionToken(guest.state.token?.token ?? "");
    expect(claims).toMatchObject({ tenantId: "globex", cnf: { jkt: KEY_A } });
    await host.session.signOut();
    await guest.settled();
    expect(guest.state.token).toBeNull();
  });

  it("keeps its tokens after a reconnect, and loses them when a document with another key connects", async () => {
    const { issuer, host } = setUp();
    const hello = { proofKeyThumbprint: KEY_A };
    const guest = guestWith({ issuer, host }, hello);
    const first = await connectWithToken(guest);
    guest.faults.drop();
    expect((await guest.connect()).token?.token).toBe(first);
    hello.proofKeyThumbprint = KEY_B;
    expect(boundTo(await connectWithToken(guest, guest.faults.reload()))).toBe(KEY_B);
    await issuer.advance(50_000);
    expect(keyOf(guest)).toBe(KEY_B);
  });

  it("gets unbound tokens again when its next document names no key", async () => {
    const { issuer, host } = setUp();
    const hello: { proofKeyThumbprint?: string } = { proofKeyThumbprint: KEY_A };
    const guest = guestWith({ issuer, host }, hello);
    await guest.connect();
    delete hello.proofKeyThumbprint;
    expect(boundTo((await guest.faults.reload()).token?.token)).toBeUndefined();
  });

  it("does not share its tokens with other tabs, and gets none of theirs", async () => {
    const told: TabMessage[] = [];
    const { issuer, host } = setUp(
      {},
      { tabs: { ...soloTabs(), post: (message) => void told.push(message) } },
    );
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    await guest.connect();
    await issuer.advance(50_000);
    const tokens = told.flatMap((message) => (message.type === "grant" ? [message.token] : []));
    expect(tokens.map(boundTo)).toEqual([undefined]);
  });

  it("sends requests through the host with a token that the host can use", async () => {
    const sent: (string | null)[] = [];
    const issuer = createTestIssuer();
    const { fetch: fromIssuer } = issuer.hostOptions;
    const host = createHostForTesting(
      {
        ...issuer.hostOptions,
        apps: [orders],
        gatewayUrl: "https://api.test",
        fetch: async (input, init) => {
          const request = new Request(input, { ...init, redirect: "follow" });
          if (!request.url.startsWith("https://api.test")) return fromIssuer(input, init);
          sent.push(request.headers.get("authorization"));
          return new Response("fine");
        },
      },
      issuer.hooks,
    );
    open.push(host);
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    await guest.connect();
    const request = { url: "https://api.test/orders", method: "GET", headers: [], body: null };
    await guest.call("bridge.fetch", request);
    expect(sent[0]).toMatch(/^Bearer /);
    expect(boundTo(sent[0]?.slice(7))).toBeUndefined();
  });

  it("leaves no timer after its frame is closed", async () => {
    const { issuer, host } = setUp();
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    await connectWithToken(guest);
    for (const mount of host.mounts) mount.close();
    const { length } = issuer.mints;
    await issuer.advance(120_000);
    expect(issuer.mints).toHaveLength(length);
  });
});

describe("the tokens of a frame", () => {
  it("are discarded with the document that they are bound to, even if it never connected", async () => {
    const clock = createTestClock({ nowMs: 1_700_000_000_000 });
    const tokensOf = (): TokenSource =>
      createTokenSource({
        mint: () => Promise.reject(new BridgeError("OFFLINE", "No issuer here.")),
        clock,
        skew: createSkew(clock),
        random: () => 0,
        isVisible: () => false,
      });
    const bound: TokenSource[] = [];
    const frame = createFrameTokenSource({
      hold: () => ({ tokens: tokensOf(), prefetch: () => undefined, release: () => undefined }),
      bind() {
        const tokens = tokensOf();
        bound.push(tokens);
        return tokens;
      },
    });
    frame.follow({ wantsTokens: true, onToken: () => undefined });
    const hello = (proofKeyThumbprint?: string): Hello => ({
      protocol: [1, 1],
      sdk: "test",
      documentId: "1",
      autoRefresh: true,
      proofKeyThumbprint,
    });
    const codes = (): Promise<string[]> =>
      Promise.all(
        bound.map((tokens) => tokens.get().then(String, ({ code }: BridgeError): string => code)),
      );
    frame.enter(hello(KEY_A));
    frame.of(hello(KEY_B));
    expect(await codes()).toEqual(["OFFLINE", "OFFLINE"]);
    frame.enter(hello());
    expect(await codes()).toEqual(["HOST_GONE", "HOST_GONE"]);
    frame.enter(hello(KEY_A));
    frame.of(hello(KEY_B));
    frame.close();
    expect(await codes()).toEqual(["HOST_GONE", "HOST_GONE", "HOST_GONE", "HOST_GONE"]);
  });
});

describe("an app with proofRequired", () => {
  it("gets no unbound token minted before its guest has named a key", async () => {
    const { issuer, host } = setUp({ apps: [{ ...orders, proofRequired: true }] });
    const guest = guestWith({ issuer, host }, { proofKeyThumbprint: KEY_A });
    await issuer.advance(0);
    expect(issuer.mints).toEqual([]);
    expect(boundTo(await connectWithToken(guest))).toBe(KEY_A);
    expect(issuer.mints).toEqual(["orders"]);
  });
});
