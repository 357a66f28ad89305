/** [TM-133] A guest gives its port to another window, and then navigates its frame away. */
import type { Frame } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { shakeHands } from "../support/handshake.ts";

declare global {
  interface Window {
    /** Frames that the holder of the port has received. */
    overheard: unknown[];
  }
}

test("a guest that gave its port to another window is lost when its frame loads another page", async ({
  bridge,
}) => {
  const { platform } = bridge;
  const page = await bridge.openHost();
  const holder = await bridge.mount(page, { app: "stock", path: "/stock?wait=never" });
  const traitor = await bridge.mount(page, { path: "/orders?wait=never" });
  await page.waitForFunction(() => document.readyState === "complete");
  await holdPort(holder);
  await handOverPort(traitor);
  expect(await page.evaluate(() => window.mount.state)).toBe("connected");

  await traitor.evaluate(
    (to) => location.assign(to),
    `${platform.strangerOrigin}/orders?wait=never`,
  );
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("lost");
  expect(await page.evaluate(() => window.mount.error?.code)).toBe("CHANNEL_LOST");
  // The holder of the port receives nothing after that.
  await page.evaluate(() => window.host.locale.set("de"));
  expect(await holder.evaluate(() => window.overheard)).not.toContainEqual([
    "state",
    "locale",
    "de",
  ]);
});

test("a guest whose document stays in its frame remains connected after its load event", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => window.bridge);
  const states = await page.evaluate(async () => {
    const seen: string[] = [];
    window.mount.subscribeState((state) => seen.push(state));
    // The host asks the document after each load event of the frame.
    const answered = new Promise((resolve) => {
      addEventListener("message", ({ source, data }) => {
        if (source === window.mount.element.contentWindow && String(data).startsWith("breezeway:"))
          resolve(undefined);
      });
    });
    window.mount.element.dispatchEvent(new Event("load"));
    await answered;
    return seen;
  });
  expect(states).toEqual(["connected"]);
});

/** Takes a port from a window message and answers each call that comes through it. */
async function holdPort(frame: Frame): Promise<void> {
  await frame.evaluate(() => {
    window.overheard = [];
    addEventListener("message", ({ ports: [port] }) => {
      port?.addEventListener("message", ({ data }) => {
        for (const [kind, id, ...rest] of data as unknown[][]) {
          window.overheard.push([kind, id, ...rest]);
          if (kind === "call") port.postMessage([["result", id, true]]);
        }
      });
      port?.start();
    });
  });
}

/** Shakes hands and transfers the port to the first frame of the host's page. */
async function handOverPort(frame: Frame): Promise<void> {
  await shakeHands(frame, { autoRefresh: true });
  await frame.evaluate(() => {
    window.parent.frames[0]?.postMessage("take it", location.origin, [window.rawPort]);
  });
}
