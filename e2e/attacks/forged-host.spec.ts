/** [TM-102] A window other than the host sends a guest messages that only the host may send. */
import { expect, frameAt, heardBy, test } from "./support.ts";

test("the guest's policy forbids a foreign page to embed it", async ({
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

test("a guest that trusts several hosts sends nothing to a page of another origin", async ({
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
  // Messages arrive in order, so the guest sent nothing before this one.
  await frame.evaluate(() => window.parent.postMessage("last", "*"));
  await expect.poll(() => heardBy(page)).not.toEqual([]);
  expect((await heardBy(page)).map(({ data }) => data)).toEqual(['"last"']);
});

test.describe("without that policy", () => {
  test.use({ bypassCSP: true });

  test("a guest ignores a page that poses as its host, and sends it nothing", async ({
    expectedMessages,
    page,
    platform,
    visitEvilSite,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    // The browser checks frame-ancestors even with bypassCSP, so the response drops the header.
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

  test("a guest ignores a sibling frame that poses as its host", async ({
    expectedMessages,
    openEvilSite,
    page,
    platform,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    const evil = await openEvilSite({ page: "sibling" });
    await page.clock.install();
    await page.goto(platform.url);
    // The real host has not mounted this frame, so the guest still waits for a host.
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

  test("data frames that arrive as window messages change nothing", async ({
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
    // The channel is unchanged: the next real event arrives, and no forged one arrived before it.
    await page.getByRole("link", { name: "Fjord Trading" }).click();
    await expect(pane.getByRole("heading", { name: "Insights for Fjord Trading" })).toBeAttached();
    await expect(pane.locator("html")).toHaveAttribute("data-theme", "light");
  });
});
