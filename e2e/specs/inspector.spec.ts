import { expect, test } from "../support/demo.ts";

test("the inspector shows its token, the claims and the remaining seconds", async ({
  demo,
  platform,
}) => {
  await demo.signIn();
  const inspector = await demo.openApp("Inspector");
  const claim = (name: string) => inspector.locator(`[data-claim="${name}"] dd`);
  await expect(claim("iss")).toHaveText(`${platform.addresses.shell.origin}/auth`);
  await expect(claim("aud")).toHaveText("inspector");
  await expect(claim("azp")).toHaveText(platform.addresses.inspector.origin);
  await expect(claim("userId")).toHaveText("alice");
  await expect(claim("tenantId")).toHaveText("acme");
  await expect(inspector.getByTestId("connection")).toHaveText("Connected");

  const seconds = async () => Number(await inspector.getByTestId("countdown").textContent());
  const first = await seconds();
  expect(first).toBeLessThanOrEqual(60);
  await expect.poll(seconds).toBeLessThan(first);
});

test("an app without a scope shows the gateway's refusal", async ({ demo }) => {
  await demo.signIn();
  const inspector = await demo.openApp("Inspector");
  await inspector.getByRole("button", { name: "GET /orders" }).click();
  await expect(inspector.getByTestId("trial")).toContainText("Refused (scope-missing)");
});

test("the inspector receives the events of other apps", async ({ demo, page }) => {
  await demo.signIn();
  await page.getByRole("link", { name: "Alpine & Co." }).click();
  const inspector = await demo.openApp("Inspector");
  await expect(
    inspector.getByRole("listitem").filter({ hasText: "customer:changed" }),
  ).toBeVisible();
});
