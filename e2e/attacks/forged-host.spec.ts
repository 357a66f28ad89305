/** [TM-102] Somebody who is not the host sends a guest what only the host may send. */
import { expect, frameAt, heardBy, test } from "./support.ts";

test("the guest's policy keeps it out of a page that is not its host's", async ({
  expectedMessages,
  page,
  platform,
  visitEvilSite,
}) => {
  expectedMessages.push(/frame-ancestors|chrome-error/);
  await visitEvilSite("fake-host");
  await page.evaluate((url) => window.attack.embed?.(url), platform.addresses.orders.origin);
  await expect.poll(() => page.frames().at(-1)?.url()).toMatch(/^chrome-error:/);
});

test("a page that is not the host hears nothing of a guest that knows several hosts", async ({
  expectedMessages,
  openEvilSite,
  page,
  platform,
  visitEvilSite,
}) => {
  expectedMessages.push(/postMessage.*target origin/);
  const hostOrigins = [platform.url, "https://other.example"];
  const guest = await openEvilSite({ page: "sdk-guest", hostOrigins });
  await visitEvilSite("fake-host");
  await page.evaluate((url) => window.attack.embed?.(url), guest.origin);
  const frame = await frameAt(page, guest.origin);
  expect(await frame.evaluate(() => window.attack.connect?.(300))).toEqual({
    code: "HANDSHAKE_TIMEOUT",
  });
  // Messages keep their order: nothing came before this one.
  await frame.evaluate(() => window.parent.postMessage("last", "*"));
  await expect.poll(() => heardBy(page)).not.toEqual([]);
  expect((await heardBy(page)).map(({ data }) => data)).toEqual(['"last"']);
});

test.describe("without that policy", () => {
  test.use({ bypassCSP: true });

  test("a page that plays the host is not listened to, and hears nothing", async ({
    expectedMessages,
    page,
    platform,
    visitEvilSite,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    // Who may embed a page is decided before bypassCSP comes into it.
    await page.route(`${platform.addresses.orders.origin}/`, async (route) => {
      const response = await route.fetch();
      const { "content-security-policy": _, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await page.clock.install();
    await visitEvilSite("fake-host");
    await page.evaluate((url) => window.attack.embed?.(url), platform.addresses.orders.origin);
    const guest = page.frameLocator("iframe");
    await expect(guest.getByRole("status")).toBeAttached();
    await page.clock.runFor(11_000);
    await expect(guest.getByRole("alert")).toHaveAttribute("data-reason", "handshake-timeout");
    expect(await heardBy(page)).toEqual([]);
  });

  test("a sibling frame that plays the host is not listened to", async ({
    expectedMessages,
    openEvilSite,
    page,
    platform,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    const evil = await openEvilSite({ page: "sibling" });
    await page.clock.install();
    await page.goto(platform.url);
    // The true host has not mounted this frame, so the guest is still waiting for one.
    await page.evaluate(
      (urls) => {
        document.body.replaceChildren(
          ...urls.map((url) => Object.assign(document.createElement("iframe"), { src: url })),
        );
      },
      [platform.addresses.orders.origin, evil.origin],
    );
    const sibling = await frameAt(page, evil.origin);
    const guest = page.locator("iframe").first().contentFrame();
    await expect(guest.getByRole("status")).toBeAttached();
    await sibling.evaluate(() => window.attack.playHost?.(0));
    await page.clock.runFor(11_000);
    await expect(guest.getByRole("alert")).toHaveAttribute("data-reason", "handshake-timeout");
    expect(await heardBy(sibling)).toEqual([]);
  });

  test("frames of the data channel that come by window message change nothing", async ({
    demo,
    openEvilSite,
    page,
  }) => {
    const evil = await openEvilSite({ page: "sibling" });
    const pane = await demo.openCustomer("Alpine & Co.");
    await page.evaluate((url) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src: url }));
    }, evil.origin);
    const sibling = await frameAt(page, evil.origin);
    await sibling.evaluate(() => {
      window.attack.forge?.(0, [
        ["event", "customer:changed", { customerId: "c-102" }],
        ["state", "theme", { scheme: "dark" }],
        ["state", "session", null],
        ["close"],
      ]);
    });
    // The channel is as it was: the next true event arrives, and nothing came before it.
    await page.getByRole("link", { name: "Fjord Trading" }).click();
    await expect(pane.getByRole("heading", { name: "Insights for Fjord Trading" })).toBeAttached();
    await expect(pane.locator("html")).toHaveAttribute("data-theme", "light");
  });
});
