/** [TM-109] Another site shows the shell in a frame, to make people click what they do not see. */
import { expect, test } from "./support.ts";

test("the browser does not show the shell in anybody's frame", async ({
  expectedMessages,
  openEvilSite,
  page,
  platform,
}) => {
  expectedMessages.push(/frame-ancestors|chrome-error/);
  const evil = await openEvilSite({ page: "fake-host" });
  await page.goto(evil.origin);
  await page.waitForFunction(() => "attack" in window);
  for (const target of [platform.url, platform.addresses.inspector.origin]) {
    await page.evaluate((url) => window.attack.embed?.(url), target);
    await expect.poll(() => page.frames().at(-1)?.url(), target).toMatch(/^chrome-error:/);
  }
});
