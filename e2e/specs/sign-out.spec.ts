import { expect, test } from "../support/demo.ts";
import { send } from "../support/http.ts";

test("signing out ends the session in the shell, in the guests, and at the issuer", async ({
  context,
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  await demo.openApp("Inspector");
  const [cookie] = await context.cookies(platform.url);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();

  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();

  // The secret itself is dead, not only forgotten by the browser.
  const { status, body } = await send(`${platform.url}/auth/session`, {
    headers: { cookie: `${cookie?.name}=${cookie?.value}` },
  });
  expect(status).toBe(401);
  expect(body).toMatchObject({ action: "login" });
});

test("signing out in one tab signs the other tab out", async ({
  context,
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  const other = await context.newPage();
  await other.goto(`${platform.url}/apps/orders`);
  const orders = other.frameLocator('iframe[title="Orders"]');
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(other.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await expect(other.getByRole("alert")).toContainText("Your session has ended");
});

test("revoking a session shows the sign-in page with the reason", async ({
  demo,
  page,
  platform,
}) => {
  await demo.signIn({ person: "Carol", workspace: "Globex Industrial" });
  await demo.openApp("Orders");
  await platform.issuer.sessions.revokeAllForUser("carol");
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("Your session has ended");
});
