/** [TM-109] Another site shows the shell in a frame for clickjacking. */
import { expect, test } from "./support.ts";

test("the browser refuses to show the shell or a guest in a foreign page's frame", async ({
  expectedMessages,
  page,
  platform,
  visitEvilSite,
}) => {
  expectedMessages.push(/frame-ancestors|chrome-error/);
  await visitEvilSite("fake-host");
  for (const target of [platform.url, platform.addresses.inspector.origin]) {
    await page.evaluate((url) => window.attack.embed?.(url), target);
    await expect.poll(() => page.frames().at(-1)?.url(), target).toMatch(/^chrome-error:/);
  }
});
