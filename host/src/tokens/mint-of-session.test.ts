import { decodeSessionToken } from "@breezeway/shared";
import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";

const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/app" };
const KEY = `${"a".repeat(42)}A`;

const open: Host[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

async function connected(
  hello: object,
): Promise<{ issuer: TestIssuer; host: Host; guest: TestGuest }> {
  const issuer = createTestIssuer();
  const host = createHostForTesting({ ...issuer.hostOptions, apps: [orders] }, issuer.hooks);
  open.push(host);
  await host.session.ready;
  const guest = createTestGuest({ clock: issuer.clock, hello });
  host.mount("orders", { place: guest.place });
  await guest.connect();
  await guest.call("getSessionToken");
  await guest.settled();
  return { issuer, host, guest };
}

/** Whose token the guest has, and whose session. */
function identities({ state }: TestGuest): readonly unknown[] {
  const { sub, tenantId } = decodeSessionToken(state.token?.token ?? "").claims;
  return [sub, tenantId, state.session?.userId, state.session?.tenantId];
}

describe.each([
  ["a guest", {}],
  ["a guest that names a key", { proofKeyThumbprint: KEY }],
])("%s, after a sign-in that its host has not learned of", (_name, hello) => {
  it("gets the next token together with the session of that sign-in", async () => {
    const { issuer, guest } = await connected(hello);
    expect(identities(guest)).toEqual(["alice", "acme", "alice", "acme"]);
    // Another tab replaces the cookie.
    issuer.signIn({ userId: "bob", tenantId: "globex" });
    issuer.clock.sleep(60_000);
    const token = String(await guest.call("getSessionToken"));
    expect(decodeSessionToken(token).claims).toMatchObject({ sub: "bob", tenantId: "globex" });
    await guest.settled();
    expect(identities(guest)).toEqual(["bob", "globex", "bob", "globex"]);
  });

  it("never has a token of one session beside another session while tokens are renewed", async () => {
    const { issuer, guest } = await connected(hello);
    issuer.signIn({ userId: "bob" });
    const seen: unknown[] = [];
    for (let seconds = 0; seconds < 90; seconds += 5) {
      await issuer.advance(5_000);
      if (guest.state.token) seen.push(identities(guest));
    }
    for (const [tokenUser, , sessionUser] of seen as string[][])
      expect(tokenUser).toBe(sessionUser);
    expect(seen.at(-1)).toEqual(["bob", "acme", "bob", "acme"]);
  });
});
