import { expect, test } from "../support/workers.ts";
import { bundlePage } from "../support/bundle-page.ts";

test.beforeEach(async ({ page }) => {
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.setContent('<div id="first"></div><div id="second"></div>');
  await page.addScriptTag({ content: await bundlePage("fixtures/bindings/lit-page.ts") });
});

test("an element renders again when the host changes session, context or settings", async ({
  page,
}) => {
  await page.evaluate(() => document.querySelector("#first")?.append(window.litKit.screen));
  await expect(page.locator("#state")).toHaveText("connected");
  await expect(page.locator("#user")).toHaveText("alice");
  await expect(page.locator("#context")).toHaveText('{"customerId":"c-1"}');
  const first = await page.locator("#token").textContent();
  await page.evaluate(() => window.litKit.host.advance(50_000));
  await expect(page.locator("#token")).not.toHaveText(first ?? "");

  await page.evaluate(() => {
    const { host } = window.litKit;
    host.context.set({ customerId: "c-2" });
    host.theme.set({ scheme: "dark" });
    host.locale.set("de-DE");
    host.session.signOut();
    host.event.publish("customer:changed", { id: "c-9" });
  });
  await expect(page.locator("#context")).toHaveText('{"customerId":"c-2"}');
  await expect(page.locator("#scheme")).toHaveText("dark");
  await expect(page.locator("#locale")).toHaveText("de-DE");
  await expect(page.locator("#user")).toHaveText("nobody");
  await expect(page.locator("#token")).toHaveText("none");
  await expect(page.locator("#changed")).toHaveText("c-9");

  await page.evaluate(() => window.litKit.host.faults.away());
  await expect(page.locator("#state")).toHaveText("lost");
  await page.evaluate(() => window.litKit.host.faults.away(false));
  await expect(page.locator("#state")).toHaveText("connected");
  expect(await page.evaluate(() => window.litKit.greet())).toBe("Hello you");
});

test("a frame has the height of its element while the element has a bridge", async ({ page }) => {
  const heights = (): Promise<unknown[]> =>
    page.evaluate(() => window.litKit.host.ui.sizes.map(({ heightPx }) => heightPx));
  await page.evaluate(() => {
    const { screen } = window.litKit;
    screen.style.cssText = "display: block; height: 100px; overflow: hidden";
    document.querySelector("#first")?.append(screen);
  });
  await expect.poll(heights).toEqual([100]);
  await page.evaluate(() => (window.litKit.screen.style.height = "200px"));
  await expect.poll(heights).toEqual([100, 200]);
  await page.evaluate(async () => {
    const { screen } = window.litKit;
    const { ui } = screen.page;
    screen.remove();
    await screen.updateComplete;
    Object.assign(window, { hadUi: ui !== undefined, hasUi: screen.page.ui !== undefined });
  });
  expect(
    await page.evaluate(() => ["hadUi", "hasUi"].map((name) => Reflect.get(window, name))),
  ).toEqual([true, false]);
});

test("an element keeps its bridge when it is moved in the document", async ({ page }) => {
  await page.evaluate(() => document.querySelector("#first")?.append(window.litKit.screen));
  await expect(page.locator("#state")).toHaveText("connected");
  await page.evaluate(async () => {
    document.querySelector("#second")?.append(window.litKit.screen);
    await window.litKit.host.settled();
  });
  await expect(page.locator("#second #state")).toHaveText("connected");
  // One welcome is one token.
  expect(await page.evaluate(() => window.litKit.host.tokens.length)).toBe(1);
});

test("an element closes its bridge when removed and opens a new one when inserted again", async ({
  page,
}) => {
  await page.evaluate(() => document.querySelector("#first")?.append(window.litKit.screen));
  await expect(page.locator("#state")).toHaveText("connected");
  const left = await page.evaluate(async () => {
    const { host, screen } = window.litKit;
    screen.remove();
    await host.settled();
    return [host.isConnected, host.clock.timers];
  });
  expect(left).toEqual([false, 0]);
  await page.evaluate(() => document.querySelector("#first")?.append(window.litKit.screen));
  await expect(page.locator("#user")).toHaveText("alice");
  expect(await page.evaluate(() => [...window.litKit.host.subscriptions])).toEqual([
    "customer:changed",
  ]);
});

test("no connection remains when an element is removed while it connects", async ({ page }) => {
  const left = await page.evaluate(async () => {
    const { host, screen } = window.litKit;
    document.body.append(screen);
    screen.remove();
    await host.settled();
    await host.settled();
    return [host.isConnected, host.clock.timers];
  });
  expect(left).toEqual([false, 0]);
});

test("an element exposes the error when its bridge cannot be opened", async ({ page }) => {
  await page.evaluate(() => {
    window.litKit.host.faults.refuse("HANDSHAKE_REFUSED");
    document.body.append(window.litKit.screen);
  });
  await expect(page.locator("#error")).toHaveText("HANDSHAKE_REFUSED");
  await expect(page.locator("#state")).toHaveText("closed");
});

test("an unsubscribed listener receives no events", async ({ page }) => {
  await page.evaluate(() => document.body.append(window.litKit.screen));
  await expect(page.locator("#state")).toHaveText("connected");
  const heard = await page.evaluate(async () => {
    const { host, screen } = window.litKit;
    screen.stop();
    await host.settled();
    host.event.publish("customer:changed", { id: "c-9" });
    await host.settled();
    return [screen.changed.length, host.subscriptions.size];
  });
  expect(heard).toEqual([0, 0]);
});
