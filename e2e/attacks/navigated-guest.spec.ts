/** [TM-108] A guest shakes hands, then takes its frame to another origin and goes on talking. */
import type { Frame } from "@playwright/test";
import { expect, frameAt, heardBy, test, type Fixtures } from "./support.ts";

test("the shell's policy keeps the frame from going there", async ({
  expectedMessages,
  openEvilSite,
  page,
  platform,
  usurp,
}) => {
  expectedMessages.push(/Content Security Policy|chrome-error/);
  const evil = await openEvilSite({ page: "sdk-guest" });
  const frame = await openTraitor({ page, platform, usurp });
  await frame.evaluate((origin) => location.assign(origin), evil.origin);
  await expect(page.getByTestId("mount-state")).not.toHaveText("Connected");
  expect(evil.visits).toEqual([]);
});

test.describe("without that policy", () => {
  test.use({ bypassCSP: true });

  test("the host drops the channel at once, and says nothing to the new page", async ({
    expectedMessages,
    openEvilSite,
    page,
    platform,
    usurp,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    const evil = await openEvilSite({ page: "sdk-guest", hostOrigins: [platform.url] });
    const traitor = await openTraitor({ page, platform, usurp });
    await traitor.evaluate((origin) => location.assign(origin), evil.origin);
    const frame = await frameAt(page, evil.origin);
    await expect(page.getByTestId("mount-state")).not.toHaveText("Connected");

    const outcome = await frame.evaluate(() => window.attack.connect?.(1_500));
    expect(outcome).toEqual({ code: "HANDSHAKE_TIMEOUT" });
    // What goes to every guest does not go to this one.
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Dark appearance" }).click();
    await page.getByRole("button", { name: /^Workspace/ }).click();
    await page.getByRole("menuitemradio", { name: "Globex Industrial" }).click();
    await expect(page.getByRole("button", { name: /Workspace: Globex/ })).toBeVisible();
    expect(await heardBy(frame)).toEqual([]);
  });
});

/** The orders app as its maker turned bad: connected, and it leaves without a word. */
async function openTraitor({
  page,
  platform,
  usurp,
}: Pick<Fixtures, "page" | "platform" | "usurp">): Promise<Frame> {
  await usurp("orders", { page: "raw-guest" });
  const frame = await frameAt(page, platform.addresses.orders.origin);
  expect(await frame.evaluate(() => window.attack.hello?.({}))).toMatchObject({ appId: "orders" });
  await expect(page.getByTestId("mount-state")).toHaveText("Connected");
  return frame;
}
