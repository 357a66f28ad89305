/** [TM-108] A guest connects, then navigates its frame to another origin and keeps sending messages. */
import type { Frame } from "@playwright/test";
import { expect, frameAt, heardBy, test, type Fixtures } from "./support.ts";

test("the shell's policy blocks the navigation to another origin", async ({
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

  test("the host closes the connection at once, and sends nothing to the new page", async ({
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
    // The host sends theme and session changes to every connected guest, but not to this page.
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Dark appearance" }).click();
    await page.getByRole("button", { name: /^Workspace/ }).click();
    await page.getByRole("menuitemradio", { name: "Globex Industrial" }).click();
    await expect(page.getByRole("button", { name: /Workspace: Globex/ })).toBeVisible();
    expect(await heardBy(frame)).toEqual([]);
  });
});

/** Opens a malicious orders app that is connected and will navigate away without a close message. */
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
