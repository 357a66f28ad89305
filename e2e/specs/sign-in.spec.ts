import { chooseIdentity, expect, test } from "../support/demo.ts";

test("a person who signs in sees the workspace that they chose", async ({ page, platform }) => {
  await page.goto(platform.url);
  await chooseIdentity(page, { person: "Alice", workspace: "Globex Industrial" });
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();
  await expect(page.getByRole("button", { name: /Workspace: Globex Industrial/ })).toBeVisible();
  await expect(page.getByRole("button", { name: /Account: Alice Moreau/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Adler Maschinenbau" })).toBeVisible();
});

test("a page on which nobody is signed in writes no error into the console", async ({
  platform,
  page,
}) => {
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const answered = page.waitForResponse("**/auth/session");
  await page.goto(platform.url);
  expect((await answered).status()).toBe(200);
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  expect(errors).toEqual([]);
});

test("the sign-in page offers only the workspaces of the chosen person", async ({
  platform,
  page,
}) => {
  await page.goto(platform.url);
  await page.getByRole("radio", { name: "Bob" }).check();
  await expect(page.getByRole("radio", { name: "Acme Outfitters", exact: true })).toBeChecked();
  await expect(page.getByRole("radio", { name: "Globex Industrial", exact: true })).toHaveCount(0);
});

test("sign-in and menus work with the keyboard alone", async ({ platform, page }) => {
  await page.goto(platform.url);
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: "Bob" })).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();

  await page.getByRole("button", { name: /^Account/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Sign out" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Account/ })).toBeFocused();
});

test("a link to a page opens that page after the sign-in", async ({ platform, page }) => {
  await page.goto(`${platform.url}/customers/c-103`);
  await chooseIdentity(page, { person: "Alice", workspace: "Acme Outfitters" });
  await expect(page.getByRole("heading", { name: "Cedar Ridge Outdoors" })).toBeVisible();
});

test("the session survives a reload of the page and a restart of the issuer", async ({
  demo,
  page,
  platform,
}) => {
  await page.goto(platform.url);
  await chooseIdentity(page, { person: "Alice", workspace: "Acme Outfitters" });
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();

  await platform.stop("shell");
  await platform.start("shell");
  await page.reload();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
});
