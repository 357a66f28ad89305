/** Sets up a guest with everything that must survive a lost channel, and checks that it did. */
import { expect, type Frame, type Page } from "@playwright/test";
import { waitInFrame } from "./frames.ts";

/** Sets up a method, a subscription and a log of states, once per document. */
export async function prepare(frame: Frame): Promise<void> {
  await waitInFrame(frame, () => "bridge" in window);
  await frame.evaluate(async () => {
    const bridge = await window.bridge;
    window.log = [];
    bridge.method.expose("name", () => "guest");
    bridge.event.subscribe("a:changed", (payload) => window.log.push(payload));
    bridge.subscribeState((state) => window.log.push(state));
  });
}

/** Makes calls in both directions and sends an event, to check that all of the bridge works. */
export async function expectWorking(
  page: Page,
  frame: Frame,
  event: unknown = "event",
): Promise<void> {
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("connected");
  await expect
    .poll(() => frame.evaluate(async () => (await window.bridge).state))
    .toBe("connected");
  expect(await frame.evaluate(async () => (await window.bridge).method.call("add", 1, 1))).toBe(2);
  expect(await page.evaluate(() => window.mount.call("name"))).toBe("guest");
  await page.evaluate((payload) => window.host.event.publish("a:changed", payload), event);
  await expect.poll(() => frame.evaluate(() => window.log)).toContain(event);
}
