/**
 * Restores a host page from the browser's back/forward cache. Playwright loses track of restored
 * frames, so the pages report what they observe.
 */
import type { Page } from "@playwright/test";
import { expect, test as base } from "../support/bridge.ts";

declare global {
  interface Window {
    tell(seen: unknown): Promise<void>;
  }
}

const test = base.extend({
  context: async ({ cachingBrowser }, use) => {
    const context = await cachingBrowser.newContext();
    await use(context);
    await context.close();
  },
});

/** Navigates to another site, runs `meanwhile`, and goes back, which restores the page from the cache. */
async function leaveAndReturn(
  page: Page,
  { to, meanwhile }: { to: string; meanwhile?: () => void },
): Promise<void> {
  const arrival = page.waitForURL(`${to}**`);
  await page.evaluate((url) => location.assign(url), to);
  await arrival;
  meanwhile?.();
  // The timer lets the page answer this call before it navigates.
  await page.evaluate(() => void setTimeout(() => history.back()));
}

test("a host page restored from the cache has connected guests with intact subscriptions", async ({
  bridge,
}) => {
  const told: unknown[] = [];
  const page = await bridge.openHost();
  await page.exposeBinding("tell", (_source, seen) => void told.push(seen));
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    const connected = await window.bridge;
    let events = 0;
    let persisted = false;
    addEventListener("pageshow", (event) => (persisted = event.persisted));
    const states: string[] = [];
    connected.subscribeState((state) => states.push(state));
    connected.event.subscribe("a:changed", () => (events += 1));
    connected.method.expose("look", async () => {
      const token = await connected.getSessionToken();
      const sum = await connected.method.call("add", 1, 1);
      return { persisted, states, sum, events, parts: token.split(".").length };
    });
  });
  await page.evaluate(() => {
    const states: string[] = [];
    window.mount.subscribeState((state) => states.push(state));
    const pings: string[] = [];
    window.host.tap(({ name, direction }) => {
      if (name === "bridge.ping") pings.push(direction);
    });
    addEventListener("pageshow", ({ persisted }) => {
      window.host.event.publish("a:changed", {});
      void window.mount.call("look").then(
        (seen) => window.tell({ persisted, seen, states, pings }),
        (error: unknown) => window.tell(String(error)),
      );
    });
  });
  await leaveAndReturn(page, { to: `${bridge.platform.strangerOrigin}/x?wait=never` });
  await expect
    .poll(() => told)
    .toEqual([
      {
        persisted: true,
        states: ["connected"],
        // The guest page was cached too. It received `pageshow` and asked whether its host still answers.
        seen: { persisted: true, states: ["connected"], sum: 2, events: 1, parts: 3 },
        pings: ["in", "out"],
      },
    ]);
});

test("a restored host page notifies its guests when the session ended while it was cached", async ({
  bridge,
}) => {
  const { issuer, strangerOrigin } = bridge.platform;
  const told: unknown[] = [];
  const page = await bridge.openHost();
  await page.exposeBinding("tell", (_source, seen) => void told.push(seen));
  const frame = await bridge.mount(page);
  await frame.evaluate(async () => {
    const connected = await window.bridge;
    connected.session.subscribe((session) => {
      if (session === null) void connected.method.call("guestSignedOut");
    });
  });
  await page.evaluate(() => {
    addEventListener("pageshow", ({ persisted }) => void window.tell({ persisted }));
    window.host.tap(({ name, direction }) => {
      if (name === "guestSignedOut" && direction === "in") void window.tell("the guest knows");
    });
  });
  await leaveAndReturn(page, {
    to: `${strangerOrigin}/x?wait=never`,
    meanwhile() {
      issuer.user = null;
    },
  });
  await expect.poll(() => told).toEqual([{ persisted: true }, "the guest knows"]);
});
