/** A React host: StrictMode, repeated renders, and rows that change places. */
import type { Page } from "@playwright/test";
import { bundlePage } from "../support/bundle-page.ts";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";

async function openReactHost(bridge: BridgeFixture): Promise<Page> {
  const page = await bridge.openHost();
  await page.addScriptTag({ content: await bundlePage("fixtures/bridge/react-host-page.ts") });
  return page;
}

async function render(page: Page, apps: readonly string[]): Promise<void> {
  await page.evaluate((ids) => window.render(ids), apps);
}

/** Returns the mounts with their states. Each guest answers one call. */
async function expectMounts(page: Page, ids: readonly string[]): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(() =>
        window.host.mounts.map(({ app, state }) => `${app.id} ${state}`).toSorted(),
      ),
    )
    .toEqual(ids.map((id) => `${id} connected`).toSorted());
  await expect(page.locator("iframe")).toHaveCount(ids.length);
  for (const id of ids) {
    const answer = await page
      .frameLocator(`[data-app="${id}"] iframe`)
      .locator("html")
      .evaluate(async () => (await window.bridge).method.call("whoAmI"));
    expect(answer).toBe(id);
  }
}

test("one frame and one connection remain after StrictMode's double mount", async ({ bridge }) => {
  const page = await openReactHost(bridge);
  await render(page, ["orders"]);
  await expectMounts(page, ["orders"]);
});

test("a guest keeps its connection when the host renders again", async ({ bridge }) => {
  const page = await openReactHost(bridge);
  await render(page, ["orders"]);
  await expectMounts(page, ["orders"]);
  await page.evaluate(() => {
    window.log = [];
    window.host.mounts[0]?.subscribeState((state) => window.log.push(state));
  });
  for (let i = 0; i < 3; i += 1) await page.getByRole("button", { name: "Render" }).click();
  await expect(page.locator("[data-clicks='3']")).toHaveCount(1);
  await expectMounts(page, ["orders"]);
  expect(await page.evaluate(() => window.log)).toEqual(["connected"]);
});

test("guests reconnect when they change places, and a removed guest is closed", async ({
  bridge,
}) => {
  const page = await openReactHost(bridge);
  await render(page, ["orders", "stock"]);
  await expectMounts(page, ["orders", "stock"]);
  // React moves the elements, and a moved frame loads again.
  await render(page, ["stock", "orders"]);
  await expectMounts(page, ["orders", "stock"]);
  await render(page, ["stock"]);
  await expectMounts(page, ["stock"]);
  await render(page, []);
  await expectMounts(page, []);
});
