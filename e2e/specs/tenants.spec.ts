import { expect, test } from "../support/demo.ts";
import { askGateway, logIn, signIn } from "../support/http.ts";

test("switching the workspace changes the open guest's data without a reload", async ({
  demo,
  page,
}) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
  await orders.locator("body").evaluate((body) => (body.dataset["mark"] = "first document"));

  await page.getByRole("button", { name: /^Workspace/ }).click();
  await page.getByRole("menuitemradio", { name: "Globex Industrial" }).click();
  await expect(orders.getByRole("row", { name: /#1093/ })).toBeVisible();
  await expect(orders.getByRole("row", { name: /#1148/ })).toHaveCount(0);
  await expect(orders.locator("tbody .number").last()).toContainText("€");
  await expect(orders.locator("body")).toHaveAttribute("data-mark", "first document");

  await page.getByRole("link", { name: "Customers" }).click();
  await expect(page.getByRole("link", { name: "Adler Maschinenbau" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Alpine & Co." })).toHaveCount(0);
});

test("the same order number is another order in another tenant", async ({ platform }) => {
  const orderOf = async (tenantId: string) => {
    const token = await (await signIn(platform, { userId: "alice", tenantId })).token("orders");
    return askGateway(platform, "/orders/1001", { token });
  };
  const [acme, globex] = await Promise.all([orderOf("acme"), orderOf("globex")]);
  expect(acme.body).toMatchObject({ id: "1001", currency: "USD" });
  expect(globex.body).toMatchObject({ id: "1001", currency: "EUR" });
});

test("an order of one tenant cannot be reached, changed, or named from the other", async ({
  platform,
}) => {
  const acme = await (await signIn(platform, { userId: "bob", tenantId: "acme" })).token("orders");
  const globex = await (
    await signIn(platform, { userId: "carol", tenantId: "globex" })
  ).token("orders");
  // Acme has more orders than Globex, so this number exists only there.
  expect((await askGateway(platform, "/orders/1148", { token: acme })).status).toBe(200);
  expect((await askGateway(platform, "/orders/1148", { token: globex })).status).toBe(404);
  const change = { method: "PATCH", body: JSON.stringify({ status: "cancelled" }) };
  expect((await askGateway(platform, "/orders/1148", { token: globex, ...change })).status).toBe(
    404,
  );

  const foreignCustomer = JSON.stringify({
    customerId: "c-114",
    lines: [{ productId: "p-11", quantity: 1 }],
  });
  const refused = await askGateway(platform, "/orders", {
    token: globex,
    method: "POST",
    body: foreignCustomer,
  });
  expect(refused.status).toBe(400);
  expect(refused.body).toMatchObject({
    detail: "request body: customerId: is not known in this tenant.",
  });
});

test("a sign-in to a tenant of other people is refused", async ({ platform }) => {
  const answer = await logIn(platform, { userId: "bob", tenantId: "globex" });
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({ reason: "tenant-not-allowed" });
});
