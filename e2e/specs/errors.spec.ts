/** Failures are described to the person, together with what they can do next. */
import { chooseIdentity, expect, test } from "../support/demo.ts";

test("the page of an app that is not installed links to the customers", async ({
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  await page.goto(`${platform.url}/apps/payroll`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("There is no app called “payroll”");
  await expect(alert).toHaveAttribute("data-reason", "app-unknown");
  await alert.getByRole("link", { name: "Go to customers" }).click();
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();
});

test("the page of an app without a menu placement says that it has no page", async ({
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  await page.goto(`${platform.url}/apps/customer-pane`);
  await expect(page.getByRole("alert")).toContainText("This app has no page");
});

test("an unknown address answers 404 and says so", async ({ demo, page, platform }) => {
  await demo.signIn();
  const response = await page.goto(`${platform.url}/some/old/link`);
  expect(response?.status()).toBe(404);
  await expect(page.getByText("There is nothing at this address")).toBeVisible();
});

test("a customer of another workspace is not found", async ({ demo, page, platform }) => {
  await demo.signIn({ person: "Carol", workspace: "Globex Industrial" });
  await page.goto(`${platform.url}/customers/c-114`);
  await expect(page.getByText("Customer not found")).toBeVisible();
});

test("without a session the shell shows only the sign-in page", async ({ page, platform }) => {
  await page.goto(`${platform.url}/customers`);
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await expect(page.locator("iframe")).toHaveCount(0);
});

test("the guest says that the service is down, and recovers with it", async ({
  demo,
  platform,
}) => {
  await platform.stop("upstream");
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  const alert = orders.getByRole("alert");
  await expect(alert).toContainText("The order service is down");
  await expect(alert).toHaveAttribute("data-reason", "upstream-unreachable");
  await platform.start("upstream");
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
});

test("the guest says that the gateway is down, and recovers with it", async ({
  demo,
  platform,
}) => {
  await platform.stop("gateway");
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("alert")).toContainText("The gateway can’t be reached");
  await platform.start("gateway");
  await orders.getByRole("button", { name: "Try again" }).click();
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
});

test("the guest says that sign-ins cannot be checked while the gateway has no keys", async ({
  demo,
  platform,
}) => {
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("row", { name: /#1148/ })).toBeVisible();
  await platform.stop("gateway");
  await platform.stop("shell");
  await platform.start("gateway");
  await orders.getByRole("button", { name: /^Shipped/ }).click();
  const alert = orders.getByRole("alert");
  await expect(alert).toContainText("Your sign-in can’t be checked right now");
  await expect(alert).toHaveAttribute("data-reason", "keys-unavailable");
  // A gateway that failed to get keys waits before it retries. The next test starts a new one.
  await platform.stop("gateway");
});

test("the shell says that an app does not answer, and recovers with it", async ({
  demo,
  page,
  platform,
}) => {
  await platform.stop("orders");
  await page.clock.install();
  await demo.signIn();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await expect(page.getByTestId("mount-state")).toHaveText("Connecting");
  await page.clock.runFor(11_000);
  await expect(page.getByRole("alert")).toContainText("Orders is not answering");
  await expect(page.getByRole("alert")).toContainText("HANDSHAKE_TIMEOUT");

  await platform.start("orders");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(demo.guest("Orders").getByRole("row", { name: /#1148/ })).toBeVisible();
});

test("a guest outside its host says where to open it", async ({ page, platform }) => {
  await page.goto(platform.addresses.orders.origin);
  await expect(page.getByRole("alert")).toContainText("Open this app from Porchlight");
});

test("a sign-in says that the issuer cannot be reached", async ({ page, platform }) => {
  await page.goto(platform.url);
  await expect(page.getByRole("heading", { name: "Sign in to Porchlight" })).toBeVisible();
  await platform.stop("shell");
  await chooseIdentity(page, { person: "Alice", workspace: "Acme Outfitters" });
  await expect(page.getByRole("alert")).toContainText("The shell can’t reach its server");
});

test("a page that loads while the issuer is down does not show the sign-in page", async ({
  demo,
  page,
}) => {
  await demo.signIn();
  await page.clock.install();
  await page.route("**/auth/session", (route) => route.abort());
  await page.reload();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The shell can’t reach its server");
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toBeVisible();
  await page.unroute("**/auth/session");
  await page.clock.runFor(8_000);
  await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();
});
