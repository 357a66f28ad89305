import { expect, test } from "../support/demo.ts";

test("the guest shows the workspace's orders, fetched through the gateway with its own token", async ({
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  const request = page.waitForRequest(`${platform.addresses.gateway.origin}/orders?limit=50`);
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();

  const sent = await request;
  expect(await sent.headerValue("authorization")).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  expect(await sent.headerValue("origin")).toBe(platform.addresses.orders.origin);
  expect(await sent.headerValue("cookie")).toBeNull();
});

test("host and guest run in separate processes", async ({ demo, browser }) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
  const session = await browser.newBrowserCDPSession();
  const { targetInfos } = await session.send("Target.getTargets");
  // A frame is a separate target only when another process renders it.
  const frames = targetInfos.filter(({ type }) => type === "iframe").map(({ url }) => url);
  expect(frames).toEqual([`${demo.platform.addresses.orders.origin}/`]);
});

test("status tabs and search narrow the list", async ({ demo }) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await orders.getByRole("button", { name: /^Shipped/ }).click();
  const statuses = orders.locator("tbody .badge");
  await expect(statuses.first()).toHaveText("Shipped");
  expect(new Set(await statuses.allTextContents())).toEqual(new Set(["Shipped"]));

  await orders.getByRole("button", { name: /^All/ }).click();
  await orders.getByRole("searchbox", { name: "Search orders" }).fill("Fjord");
  await expect(orders.locator("tbody .customer").first()).toHaveText("Fjord Trading");
  expect(new Set(await orders.locator("tbody .customer").allTextContents())).toEqual(
    new Set(["Fjord Trading"]),
  );

  await orders.getByRole("searchbox", { name: "Search orders" }).fill("no such thing");
  await expect(orders.getByRole("heading", { name: "No order matches" })).toBeVisible();
});

test("an order is created and goes through each status", async ({ demo, page }) => {
  await demo.signIn({ person: "Bob" });
  const orders = await demo.openApp("Orders");
  await orders.getByRole("button", { name: "New order" }).click();
  const form = demo.dialog;
  await form.getByLabel("Customer").selectOption("Juniper Lodge");
  await form.getByLabel("Item 1", { exact: true }).selectOption({ index: 1 });
  await form.getByLabel("Quantity of item 1").fill("3");
  await form.getByRole("button", { name: "Create order" }).click();

  const heading = orders.getByRole("heading", { name: /^Order #/ });
  await expect(heading).toBeVisible();
  const number = (await heading.textContent())?.match(/#(\d+)/)?.[1];
  // The shell shows a toast in the app's name for a few seconds.
  const dismissToast = async (status: string): Promise<void> => {
    await expect(page.getByRole("status").getByText(`Order #${number} is ${status}`)).toBeVisible();
    await page.getByRole("button", { name: "Dismiss" }).click();
  };
  await dismissToast("new");
  await expect(orders.getByText(/by bob/)).toBeVisible();
  await orders.getByRole("button", { name: "Confirm order" }).click();
  await dismissToast("confirmed");
  await orders.getByRole("button", { name: "Mark as shipped" }).click();
  await dismissToast("shipped");
  await orders.getByRole("button", { name: "Mark as delivered" }).click();
  await expect(
    orders.getByRole("dialog").getByRole("button", { name: /Mark as|Confirm/ }),
  ).toHaveCount(0);
  await orders.getByRole("button", { name: "Close" }).click();
  await expect(
    orders.getByRole("row", { name: new RegExp(`#${number}.*Delivered`) }),
  ).toBeVisible();
});

test("an order opens its customer in the shell", async ({ demo, page }) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await orders.getByRole("searchbox", { name: "Search orders" }).fill("Kestrel");
  await orders
    .getByRole("row", { name: /Kestrel/ })
    .first()
    .getByRole("button")
    .click();
  await orders.getByRole("button", { name: "Open" }).click();
  await expect(page).toHaveURL(/\/customers\/c-110$/);
  await expect(page.getByRole("heading", { name: "Kestrel Cycling Club" })).toBeVisible();
});

test("a person with read access sees a permission error when they change an order", async ({
  demo,
}) => {
  await demo.signIn({ person: "Dana" });
  const orders = await demo.openApp("Orders");
  const tab = orders.getByRole("button", { name: /^New \d/ });
  await tab.click();
  await expect(tab).toHaveAttribute("aria-pressed", "true");
  await expect(orders.locator(".list")).toHaveAttribute("aria-busy", "false");
  await orders.getByRole("row", { name: /#\d/ }).first().getByRole("button").click();
  await orders.getByRole("button", { name: "Confirm order" }).click();
  await expect(orders.getByRole("alert")).toContainText("You don’t have permission for this");
  await expect(orders.getByRole("alert")).toHaveAttribute("data-reason", "scope-missing");
});

test("a change that conflicts with somebody else's is refused, and the current order is shown", async ({
  demo,
  platform,
}) => {
  const { askGateway, signIn } = await import("../support/http.ts");
  const token = await (
    await signIn(platform, { userId: "alice", tenantId: "acme" })
  ).token("orders");
  const created = await askGateway(platform, "/orders", {
    token,
    method: "POST",
    body: JSON.stringify({ customerId: "c-104", lines: [{ productId: "p-11", quantity: 1 }] }),
  });
  const { id } = created.body as { id: string };

  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await orders
    .getByRole("row", { name: `#${id}` })
    .getByRole("button")
    .click();
  await expect(orders.getByRole("button", { name: "Confirm order" })).toBeVisible();
  await askGateway(platform, `/orders/${id}`, {
    token,
    method: "PATCH",
    body: JSON.stringify({ status: "cancelled" }),
  });
  await orders.getByRole("button", { name: "Confirm order" }).click();
  await expect(orders.getByRole("alert")).toContainText("The order has already changed");
  await expect(orders.getByRole("dialog").getByText("Cancelled")).toBeVisible();
});

test("an order is cancelled only after the person confirms it in the shell's dialog", async ({
  demo,
  page,
}) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await orders.getByRole("button", { name: /^New \d/ }).click();
  await expect(orders.locator(".list")).toHaveAttribute("aria-busy", "false");
  await orders.getByRole("row", { name: /#\d/ }).first().getByRole("button").click();
  const number = (await orders.getByRole("heading", { name: /^Order #/ }).textContent())?.slice(7);
  const cancel = orders.getByRole("button", { name: "Cancel order" });
  await cancel.click();
  const dialog = page.getByRole("alertdialog", { name: `Cancel order #${number}?` });
  await expect(dialog).toContainText("From Orders");
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await expect(orders.getByRole("dialog").getByText("Cancelled")).toHaveCount(0);
  await cancel.click();
  await dialog.getByRole("button", { name: "Cancel order" }).click();
  await expect(page.getByRole("status").getByText(`Order #${number} is cancelled`)).toBeVisible();
  await expect(orders.getByRole("dialog").getByText("Cancelled")).toBeVisible();
});

test("the shell's address contains the open order, and a reload opens it again", async ({
  demo,
  page,
}) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await orders.getByRole("row", { name: /#\d/ }).nth(2).getByRole("button").click();
  const heading = orders.getByRole("heading", { name: /^Order #/ });
  const title = (await heading.textContent()) ?? "";
  await expect(page).toHaveURL(new RegExp(`/apps/orders/${title.slice(7)}$`));
  await page.reload();
  await expect(heading).toHaveText(title);
  await orders.getByRole("button", { name: "Close" }).click();
  await expect(page).toHaveURL(/\/apps\/orders$/);
});
