/** A guest that has set up what must survive a lost channel, and the proof that it did. */
import { expect, type Frame, type Page } from "@playwright/test";

/** What a guest sets up once per document: a method, a subscription, a log of its states. */
export async function prepare(frame: Frame): Promise<void> {
  await frame.waitForFunction(() => "bridge" in window);
  await frame.evaluate(async () => {
    const bridge = await window.bridge;
    window.log = [];
    bridge.method.expose("name", () => "guest");
    bridge.event.subscribe("a:changed", (payload) => window.log.push(payload));
    bridge.subscribeState((state) => window.log.push(state));
  });
}

/** Calls in both directions and an event: the bridge is there with everything on it. */
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
