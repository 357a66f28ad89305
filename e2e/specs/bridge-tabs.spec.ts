/** A host in several tabs shares one session, one mint per app and one event stream. */
import type { Page } from "@playwright/test";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";

const secondTab = async (first: Page, bridge: BridgeFixture): Promise<Page> =>
  bridge.openHost({}, await first.context().newPage());

const userOf = (page: Page): Promise<string | null> =>
  page.evaluate(() => window.host.session.current?.userId ?? null);

test("a sign-out in one tab signs out every tab and its guests", async ({ bridge }) => {
  const first = await bridge.openHost();
  const second = await secondTab(first, bridge);
  const guest = await bridge.mount(second);
  await guest.evaluate(async () => (await window.bridge).getSessionToken());
  await first.evaluate(() => window.host.session.signOut());
  await expect.poll(() => userOf(second)).toBeNull();
  await expect
    .poll(() => guest.evaluate(async () => (await window.bridge).session.current))
    .toBeNull();
});

test("a revocation on the server reaches every guest of every tab over one stream", async ({
  bridge,
}) => {
  const { issuer } = bridge.platform;
  const first = await bridge.openHost();
  const second = await secondTab(first, bridge);
  const guest = await bridge.mount(second);
  await guest.evaluate(async () => (await window.bridge).getSessionToken());
  await expect.poll(() => issuer.streams.size).toBe(1);
  issuer.user = null;
  issuer.announce("revoked");
  for (const tab of [first, second]) await expect.poll(() => userOf(tab)).toBeNull();
  const code = await guest.evaluate(async () =>
    (await window.bridge).getSessionToken().catch((error: { code: string }) => error.code),
  );
  expect(code).toBe("SIGNED_OUT");
  await expect.poll(() => issuer.streams.size).toBe(0);
});

test("another tab takes over the stream when the tab that held it closes", async ({ bridge }) => {
  const { issuer } = bridge.platform;
  const first = await bridge.openHost();
  const second = await secondTab(first, bridge);
  await expect.poll(() => issuer.streams.size).toBe(1);
  const [held] = issuer.streams;
  await first.close();
  await expect
    .poll(() => {
      issuer.announce("claims-changed");
      return [...issuer.streams].filter((stream) => stream !== held).length;
    })
    .toBe(1);
  issuer.user = null;
  issuer.announce("signed-out");
  await expect.poll(() => userOf(second)).toBeNull();
});

test("guests get a new token when the tenant or the claims change elsewhere", async ({
  bridge,
}) => {
  const { issuer } = bridge.platform;
  const page = await bridge.openHost();
  const guest = await bridge.mount(page);
  const first = await guest.evaluate(async () => (await window.bridge).getSessionToken());
  await expect.poll(() => issuer.streams.size).toBe(1);
  issuer.announce("claims-changed");
  await expect
    .poll(() => guest.evaluate(async () => (await window.bridge).getSessionToken()))
    .not.toBe(first);
  issuer.user = { userId: "alice", tenantId: "globex", handle: "session-1" };
  issuer.announce("tenant-changed");
  await expect
    .poll(() =>
      guest.evaluate(
        async () => (await window.bridge).session.claims()?.claims["tenantId"] as string,
      ),
    )
    .toBe("globex");
});

test("tabs share one mint per app and token lifetime", async ({ bridge }) => {
  const { issuer } = bridge.platform;
  issuer.ttlSeconds = 15;
  const first = await bridge.openHost();
  const second = await secondTab(first, bridge);
  const guests = [await bridge.mount(first), await bridge.mount(second)];
  for (const guest of guests) {
    await guest.evaluate(async () => (await window.bridge).getSessionToken());
  }
  const before = issuer.mints.length;
  // Headless Chromium treats both tabs as visible, so both would refresh ahead.
  await expect.poll(() => issuer.mints.length, { timeout: 20_000 }).toBeGreaterThan(before);
  const tokens = await Promise.all(
    guests.map((guest) => guest.evaluate(async () => (await window.bridge).getSessionToken())),
  );
  expect(issuer.mints.length).toBe(before + 1);
  expect(tokens[0]).toBe(tokens[1]);
});
