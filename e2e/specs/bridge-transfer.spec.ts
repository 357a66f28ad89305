import { transferCases } from "../suites/rpc-suite.ts";
import { bundlePage } from "../support/bundle-page.ts";
import { expect, test } from "../support/bridge.ts";

test("a call moves buffers, streams and ports between real windows of two sites", async ({
  bridge,
}) => {
  const { guestOrigin } = bridge.platform;
  const script = await bundlePage("fixtures/rpc/guest-page.ts");
  const page = await bridge.openHost();
  await page.route(`${guestOrigin}/guest-page.js`, (route) =>
    route.fulfill({ contentType: "text/javascript", body: script }),
  );
  await page.evaluate(() => {
    window.mount = window.host.mount("orders", { container: document.body });
  });
  const guest = page.frameLocator("iframe").locator("html");
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("connected");
  for (const { name } of transferCases) {
    const outcome = await guest.evaluate((_page, wanted) => window.runCase(wanted), name);
    expect.soft(outcome, name).toBe("passed");
  }
});
