/** [TM-109] Another site shows the shell in a frame, to make people click what they do not see. */
import { expect, test } from "./support.ts";

test("the browser does not show the shell in anybody's frame", async ({
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
