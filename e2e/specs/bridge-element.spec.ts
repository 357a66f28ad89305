/** What `<breezeway-app>` shows while an app loads, when it fails to load, and when it has reconnected. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { guestIn } from "../support/surfaces.ts";

async function show(page: Page, app: string, path: string): Promise<void> {
  await page.evaluate(
    ([id, at]) => {
      document.body.innerHTML = "";
      window.setDefaultHost(window.host);
      const element = document.createElement("breezeway-app");
      element.app = id;
      element.path = at;
      element.style.blockSize = "26rem";
      document.body.append(element);
    },
    [app, path] as const,
  );
}

test("shows a skeleton until the app is connected", async ({ bridge }) => {
  const page = await bridge.openHost();
  await show(page, "orders", "/orders?wait=never");
  await expect(page.getByRole("status")).toHaveText("Orders is loading");
  await expect(page.locator("breezeway-app iframe")).toHaveAttribute("title", "Orders");
  const guest = await guestIn(page, "breezeway-app iframe");
  await guest.evaluate(async () => void (await window.breezeway.createAppBridge()));
  await expect(page.getByRole("status")).toHaveCount(0);
  expect(await page.evaluate(() => document.querySelector("breezeway-app")?.mount?.state)).toBe(
    "connected",
  );
});

test("asks for no update while Lit updates: mounted, connected, mounted again, and unknown", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  const warnings: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("lit.dev/msg/")) warnings.push(message.text());
  });
  for (const path of ["/orders?wait=never", "/orders?wait=never&again"]) {
    await show(page, "orders", path);
    const guest = await guestIn(page, "breezeway-app iframe");
    await guest.evaluate(async () => void (await window.breezeway.createAppBridge()));
    await expect(page.getByRole("status")).toHaveCount(0);
  }
  await page.locator("breezeway-app").evaluate((element) => {
    Object.assign(element, { app: "unknown" });
  });
  await expect(page.getByRole("alert")).toBeVisible();
  expect(warnings.filter((text) => !text.includes("dev-mode"))).toEqual([]);
});

test("shows that an app does not answer, and retries when the user asks", async ({
  bridge,
  page,
}) => {
  await page.clock.install();
  await bridge.openHost();
  await show(page, "orders", "/orders?wait=never");
  await page.clock.runFor(11_000);
  const alert = page.getByRole("alert");
  await expect(alert.getByRole("heading")).toHaveText("Orders is not answering");
  await expect(alert).toContainText("HANDSHAKE_TIMEOUT");
  const results = await new AxeBuilder({ page }).include("breezeway-app").analyze();
  expect(results.violations.map(({ id }) => id)).toEqual([]);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("status")).toHaveText("Orders is loading");
  await page.clock.runFor(11_000);
  await expect(alert).toBeVisible();
});

test("shows that an app is unknown, without a retry button", async ({ bridge }) => {
  const page = await bridge.openHost();
  await show(page, "unknown", "/");
  await expect(page.getByRole("alert").getByRole("heading")).toHaveText(
    "This app is not available",
  );
  await expect(page.getByRole("button")).toHaveCount(0);
});

test("shows that the app cannot be displayed when the element has no app id", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  await show(page, "", "/");
  const alert = page.getByRole("alert");
  await expect(alert.getByRole("heading")).toHaveText("The app cannot be shown");
  await expect(alert).toContainText("CONFIG_INVALID");
});

test("warns on the console until a host is set, and then starts", async ({ bridge }) => {
  const page = await bridge.openHost();
  const warning = page.waitForEvent("console", (message) => message.type() === "warning");
  await page.evaluate(() => {
    document.body.innerHTML = "";
    window.setDefaultHost(undefined);
    const element = document.createElement("breezeway-app");
    element.app = "orders";
    document.body.append(element);
  });
  expect((await warning).text()).toBe(
    '<breezeway-app app="orders">: host: is required. Call setDefaultHost(host).',
  );
  await page.evaluate(() => window.setDefaultHost(window.host));
  await expect(page.locator("breezeway-app iframe")).toHaveAttribute("title", "Orders");
});

test("an element keeps its mount when it is moved and closes it when it is removed", async ({
  bridge,
}) => {
  const page = await bridge.openHost();
  await show(page, "orders", "/orders");
  await expect(page.getByRole("status")).toHaveCount(0);
  const isSame = await page.evaluate(() => {
    const element = document.querySelector("breezeway-app");
    const before = element?.mount;
    const section = document.createElement("section");
    document.body.append(section);
    if (element) section.append(element);
    return before !== undefined && element?.mount === before;
  });
  expect(isSame).toBe(true);
  await expect
    .poll(() => page.evaluate(() => document.querySelector("breezeway-app")?.mount?.state))
    .toBe("connected");
  await page.evaluate(() => document.querySelector("breezeway-app")?.remove());
  await expect.poll(() => page.evaluate(() => window.host.mounts.length)).toBe(0);
});
