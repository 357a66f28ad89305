/** Checks WCAG 2.2 AA with axe in every state of every page, guests included. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/demo.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function expectAccessible(page: Page, where: string): Promise<void> {
  // An element that is still fading in has too little contrast.
  await page.waitForFunction(() =>
    document.getAnimations().every((a) => a.playState !== "running"),
  );
  const { violations } = await new AxeBuilder({ page })
    // Describing passed rules for each element would cost time.
    .options({ resultTypes: ["violations"] })
    .withTags(RULES)
    .analyze();
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(" | ")}`,
  );
  expect(found, where).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme, reducedMotion: "reduce" });

    test("the sign-in page", async ({ page, platform }) => {
      await page.goto(platform.url);
      await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
      await expectAccessible(page, "sign-in");
    });

    test("the customers page, its pane and an open menu", async ({ demo, page }) => {
      await demo.signIn();
      await expectAccessible(page, "customers");
      await page.getByRole("link", { name: "Alpine & Co." }).click();
      await expect(demo.guest("Customer insights").getByRole("img")).toBeVisible();
      await expectAccessible(page, "customer");
      await page.getByRole("button", { name: /^Workspace/ }).click();
      await expectAccessible(page, "open menu");
    });

    test("the orders list, an order, the form and an error", async ({ demo, page, platform }) => {
      await demo.signIn();
      const orders = await demo.openApp("Orders");
      await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
      await expectAccessible(page, "orders");
      await orders.getByRole("button", { name: "#1148" }).click();
      await expect(orders.getByRole("heading", { name: "Order #1148" })).toBeVisible();
      await expect(orders.locator(".lines")).toBeVisible();
      await expectAccessible(page, "order");
      await orders.getByRole("button", { name: "Close" }).click();
      await orders.getByRole("button", { name: "New order" }).click();
      await expect(demo.dialog.getByLabel("Customer")).toBeVisible();
      await expectAccessible(page, "new order");
      await demo.dialog.getByRole("button", { name: "Discard" }).click();
      await platform.stop("upstream");
      await orders.getByRole("button", { name: /^Shipped/ }).click();
      await expect(orders.getByRole("alert")).toBeVisible();
      await expectAccessible(page, "upstream down");
    });

    test("the inspector", async ({ demo, page }) => {
      await demo.signIn();
      const inspector = await demo.openApp("Inspector");
      await expect(inspector.getByTestId("countdown")).toBeVisible();
      await expectAccessible(page, "inspector");
    });

    test("the page of an unknown app", async ({ demo, page, platform }) => {
      await demo.signIn();
      await page.goto(`${platform.url}/apps/payroll`);
      await expect(page.getByRole("alert")).toBeVisible();
      await expectAccessible(page, "unknown app");
    });
  });
}
