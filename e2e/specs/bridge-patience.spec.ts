/** Guests and hosts that answer late or never, with the default time limits. */
import type { Frame, Page } from "@playwright/test";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";
import { pauseClock } from "../support/pause-clock.ts";
import { expectWorking, prepare } from "../support/working-guest.ts";

/** A guest that says hello at a chosen time, in a page whose clock only the test advances. */
async function mountLate(bridge: BridgeFixture, page: Page, waitMs: string): Promise<Frame> {
  await page.clock.install();
  await bridge.openHost();
  await pauseClock(page);
  const frame = await bridge.mount(page, { path: `/orders?wait=${waitMs}` });
  await frame.waitForLoadState();
  return frame;
}

test("a guest that says hello after 12 s is lost after 10 s, and is then welcomed", async ({
  bridge,
  page,
}) => {
  const frame = await mountLate(bridge, page, "12000");
  await page.clock.runFor(9_000);
  expect(await page.evaluate(() => window.mount.state)).toBe("connecting");
  await page.clock.runFor(1_500);
  expect(await page.evaluate(() => [window.mount.state, window.mount.error?.code])).toEqual([
    "lost",
    "HANDSHAKE_TIMEOUT",
  ]);
  await page.clock.runFor(2_000);
  await prepare(frame);
  await expectWorking(page, frame);
  expect(await page.evaluate(() => window.mount.error)).toBeNull();
});

test("a guest fails after 10 s when its host has not answered", async ({ bridge, page }) => {
  const frame = await mountLate(bridge, page, "never");
  await frame.evaluate((stranger) => {
    window.log = [];
    // No window has this origin.
    window.breezeway
      .createAppBridge({ hostOrigins: [stranger] })
      .catch((error: { code: string }) => window.log.push(error.code));
  }, bridge.platform.strangerOrigin);
  await page.clock.runFor(9_000);
  expect(await frame.evaluate(() => window.log)).toEqual([]);
  await page.clock.runFor(1_500);
  expect(await frame.evaluate(() => window.log)).toEqual(["HANDSHAKE_TIMEOUT"]);
});

test("a guest that never answers is lost after 10 s and can be closed", async ({
  bridge,
  page,
}) => {
  await mountLate(bridge, page, "never");
  await page.clock.runFor(10_500);
  expect(await page.evaluate(() => window.mount.state)).toBe("lost");
  await page.evaluate(() => window.mount.close());
  expect(await page.evaluate(() => [window.mount.state, window.host.mounts.length])).toEqual([
    "closed",
    0,
  ]);
  await expect(page.locator("iframe")).toHaveCount(0);
});

test("a guest fails at once when it is outside a frame or has no host origins", async ({
  bridge,
  page,
}) => {
  await page.goto(`${bridge.platform.guestOrigin}/orders?wait=never`);
  await page.waitForFunction(() => "breezeway" in window);
  const alone = await page.evaluate(async () => {
    const error = await Promise.race([
      window.breezeway.createAppBridge().catch((reason: { code: string }) => reason.code),
      // A guest that fails at once settles before this timer.
      new Promise((resolve) => setTimeout(resolve, 0, "later")),
    ]);
    return [window.breezeway.isEmbedded(), error];
  });
  expect(alone).toEqual([false, "HANDSHAKE_NOT_EMBEDDED"]);

  await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const codes = await frame.evaluate(async () => {
    const codeOf = async (hostOrigins: string[]): Promise<string> =>
      window.breezeway.createAppBridge({ hostOrigins, handshakeTimeoutMs: 300 }).then(
        () => "connected",
        (error: { code: string }) => error.code,
      );
    const results = [
      await codeOf(["https://shell.example/"]),
      await codeOf(["*"]),
      await codeOf(["https://other.example"]),
    ];
    // Markup injected into the body cannot choose a host.
    const meta = document.querySelector("meta[name=breezeway-host-origins]");
    if (meta) document.body.append(meta);
    return [...results, await codeOf(undefined as unknown as string[])];
  });
  expect(codes).toEqual([
    "CONFIG_HOST_ORIGINS_INVALID",
    "CONFIG_HOST_ORIGINS_INVALID",
    "HANDSHAKE_TIMEOUT",
    "CONFIG_HOST_ORIGINS_MISSING",
  ]);
});
