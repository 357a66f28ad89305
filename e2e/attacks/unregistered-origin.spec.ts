/** [TM-101] A page of an unregistered origin gets into a guest's frame. */
import { expect, frameAt, heardBy, test } from "./support.ts";

test("the shell's policy blocks a redirect to an unregistered origin", async ({
  expectedMessages,
  openEvilSite,
  page,
  usurp,
}) => {
  expectedMessages.push(/Content Security Policy|chrome-error/);
  const evil = await openEvilSite({ page: "sdk-guest" });
  const gone = await usurp("orders", { page: "sdk-guest", redirectTo: evil.origin });
  await expect.poll(() => gone.visits).not.toEqual([]);
  // The browser has blocked the redirect and loaded its error page.
  await expect.poll(() => page.frames().at(-1)?.url()).toMatch(/^chrome-error:/);
  expect(evil.visits).toEqual([]);
});

test.describe("without that policy", () => {
  test.use({ bypassCSP: true });

  test("the host sends no message to a page of an unregistered origin", async ({
    expectedMessages,
    openEvilSite,
    page,
    platform,
    usurp,
  }) => {
    expectedMessages.push(/postMessage.*target origin/);
    const evil = await openEvilSite({ page: "sdk-guest", hostOrigins: [platform.url] });
    await usurp("orders", { page: "sdk-guest", redirectTo: evil.origin });
    const frame = await frameAt(page, evil.origin);

    const outcome = await frame.evaluate(() => window.attack.connect?.(1_500));
    expect(outcome).toEqual({ code: "HANDSHAKE_TIMEOUT" });
    expect(await heardBy(frame)).toEqual([]);
    await expect(page.getByTestId("mount-state")).not.toHaveText("Connected");
  });
});
