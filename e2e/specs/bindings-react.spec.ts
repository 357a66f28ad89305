import { expect, test } from "../support/workers.ts";
import { bundlePage } from "../support/bundle-page.ts";

test.beforeEach(async ({ page }) => {
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.setContent('<div id="root"></div>');
  await page.addScriptTag({ content: await bundlePage("fixtures/bindings/react-page.ts") });
});

test("StrictMode's double mount opens one connection, and unmounting closes it", async ({
  page,
}) => {
  await page.evaluate(() => window.kit.render());
  await expect(page.locator("#user")).toHaveText("alice");
  // One welcome is one token.
  expect(await page.evaluate(() => window.kit.host.tokens.length)).toBe(1);
  await page.evaluate(() => window.kit.unmount());
  await page.evaluate(() => window.kit.host.settled());
  expect(await page.evaluate(() => window.kit.host.isConnected)).toBe(false);
  expect(await page.evaluate(() => window.kit.host.clock.timers)).toBe(0);
});

test("no connection remains when a provider is unmounted while it connects", async ({ page }) => {
  const left = await page.evaluate(async () => {
    const { kit } = window;
    kit.render();
    await new Promise(requestAnimationFrame);
    kit.unmount();
    await kit.host.settled();
    await kit.host.settled();
    return [kit.host.isConnected, kit.host.clock.timers];
  });
  expect(left).toEqual([false, 0]);
});

test("a provider can be mounted again after it was unmounted", async ({ page }) => {
  await page.evaluate(() => window.kit.render());
  await expect(page.locator("#user")).toHaveText("alice");
  await page.evaluate(() => window.kit.unmount());
  await page.evaluate(() => window.kit.render());
  await expect(page.locator("#user")).toHaveText("alice");
});

test("components render again when session, token, context, theme, locale or connection changes", async ({
  page,
}) => {
  await page.evaluate(() => window.kit.render());
  await expect(page.locator("#state")).toHaveText("connected");
  const first = await page.locator("#token").textContent();
  await page.evaluate(() => window.kit.host.advance(50_000));
  await expect(page.locator("#token")).not.toHaveText(first ?? "");

  await page.evaluate(() => {
    const { host } = window.kit;
    host.context.set({ customerId: "c-2" });
    host.theme.set({ scheme: "dark" });
    host.locale.set("de-DE");
    host.session.signOut();
  });
  await expect(page.locator("#customer")).toHaveText("c-2");
  await expect(page.locator("#scheme")).toHaveText("dark");
  await expect(page.locator("#locale")).toHaveText("de-DE");
  await expect(page.locator("#user")).toHaveText("nobody");
  await expect(page.locator("#token")).toHaveText("none");

  await page.evaluate(() => window.kit.host.faults.away());
  await expect(page.locator("#state")).toHaveText("lost");
  await page.evaluate(() => window.kit.host.faults.away(false));
  await expect(page.locator("#state")).toHaveText("connected");
});

test("useHostEvent calls the latest listener, first with a retained event, until it is unmounted", async ({
  page,
}) => {
  await page.evaluate(() => window.kit.host.event.publish("customer:changed", { id: "c-0" }));
  await page.evaluate(() => window.kit.render());
  await expect(page.locator("#changed")).toHaveText("c-0");
  await page.evaluate(() => window.kit.host.event.publish("customer:changed", { id: "c-1" }));
  await expect(page.locator("#changed")).toHaveText("c-0 c-1");
  expect(await page.evaluate(() => [...window.kit.host.subscriptions])).toEqual([
    "customer:changed",
  ]);
});

test("a component calls a host method of the contract", async ({ page }) => {
  await page.evaluate(() => window.kit.render());
  await page.locator("#greet").click();
  await expect(page.locator("#greeting")).toHaveText("Hello you");
});

test("a component opens dialogs of the host and sets the frame to its own height", async ({
  page,
}) => {
  const heights = (): Promise<unknown[]> =>
    page.evaluate(() => window.kit.host.ui.sizes.map(({ heightPx }) => heightPx));
  await page.evaluate(() => window.kit.render());
  await expect.poll(heights).toEqual([100]);
  await page.locator("#grow").click();
  await expect.poll(heights).toEqual([100, 200]);
  expect(await page.evaluate(() => window.kit.host.ui.questions)).toEqual([
    { title: "Another one?", tone: "normal" },
  ]);
});

test("a page in a dialog closes it once on Escape and stops listening when unmounted", async ({
  page,
}) => {
  await page.evaluate(() => {
    let listeners = 0;
    const add = window.addEventListener.bind(window);
    const remove = window.removeEventListener.bind(window);
    window.addEventListener = (...args: Parameters<typeof add>) => {
      if (args[0] === "keydown") listeners += 1;
      add(...args);
    };
    window.removeEventListener = (...args: Parameters<typeof remove>) => {
      if (args[0] === "keydown") listeners -= 1;
      remove(...args);
    };
    Object.assign(window, { listeners: () => listeners });
    window.kit.host.context.set({ customerId: "c-1", modal: { name: "edit", data: null } });
    window.kit.render();
  });
  const listeners = (): Promise<unknown> =>
    page.evaluate(() => (window as unknown as { listeners: () => number }).listeners());
  await page.locator("#grow").click();
  await expect(page.locator("#growing")).toHaveCSS("height", "200px");
  // Two components use surfaces of the host.
  expect(await listeners()).toBe(2);
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.kit.host.settled());
  expect(await page.evaluate(() => window.kit.host.ui.closings)).toEqual([undefined]);
  await page.evaluate(() => window.kit.unmount());
  await expect.poll(listeners).toBe(0);
});

test("a provider uses a given bridge and does not close it", async ({ page }) => {
  await page.evaluate(() => window.kit.render({ withBridge: true }));
  await expect(page.locator("#user")).toHaveText("alice");
  await page.evaluate(() => window.kit.unmount());
  await page.evaluate(() => window.kit.host.settled());
  expect(await page.evaluate(() => window.kit.host.isConnected)).toBe(true);
});

test("a provider shows the fallback until the host answers, and then its children", async ({
  page,
}) => {
  await page.evaluate(() => {
    window.kit.host.faults.away();
    window.kit.render();
  });
  await expect(page.locator("#fallback")).toHaveText("Connecting");
  await page.evaluate(() => window.kit.host.faults.away(false));
  await expect(page.locator("#user")).toHaveText("alice");
});

test("the error boundary or renderError receives a refusal", async ({ page }) => {
  await page.evaluate(() => {
    window.kit.host.faults.refuse("HANDSHAKE_REFUSED");
    window.kit.render();
  });
  await expect(page.locator("#error")).toHaveText("HANDSHAKE_REFUSED");
  await page.evaluate(() => {
    window.kit.unmount();
    window.kit.render({ renderError: true });
  });
  await expect(page.locator("#own-error")).toHaveText("HANDSHAKE_REFUSED");
});

test("the error boundary receives the error when the context does not match its schema", async ({
  page,
}) => {
  await page.evaluate(() => {
    window.kit.host.context.set({ customer: 1 });
    window.kit.render();
  });
  await expect(page.locator("#error")).toHaveText("CONTEXT_INVALID");
});

test("a hook outside a provider fails with CONFIG_INVALID", async ({ page }) => {
  await page.evaluate(() => window.kit.renderOrphan());
  await expect(page.locator("#error")).toHaveText("CONFIG_INVALID");
});
