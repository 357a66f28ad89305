/** Apps that come, go, and are suspended while a page of the demo is open. */
import { expect, test } from "../support/demo.ts";

type AppElement = HTMLElementTagNameMap["breezeway-app"];

/** How soon an open page must show a change. */
const SOON = { timeout: 5_000 };

test("an app that is put appears in the menu of an open page, and leaves it when it is removed", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  const { origin } = platform.addresses.orders;
  await demo.signIn();
  const { apps } = platform.issuer;
  await apps.put(
    {
      id: "returns",
      name: "Returns",
      version: "1.0.0",
      url: `${origin}/`,
      scopes: ["orders:read"],
      placements: [{ type: "menu", label: "Returns", path: "/" }],
    },
    // The pages are those of another app.
    { sharesOrigin: true },
  );
  try {
    await page.getByRole("link", { name: "Returns" }).click(SOON);
    await expect(page.getByTestId("mount-state")).toHaveText("Connected");
    await expect(page).toHaveTitle("Returns · Porchlight");
  } finally {
    await apps.remove("returns");
  }
  await expect(page.getByRole("heading", { name: "There is no app called “returns”" })).toBeVisible(
    SOON,
  );
  await expect(page.getByRole("link", { name: "Returns" })).toHaveCount(0);
});

test("the frame of a suspended app says why, and comes back when the app is resumed", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await expect(orders.getByRole("table")).toBeVisible();
  await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
  const { apps } = platform.issuer;
  await apps.suspend("orders", { reason: "We look into a report about lost orders." });
  try {
    const alert = page.locator("breezeway-app").getByRole("alert");
    await expect(alert.getByRole("heading", { name: "Orders is suspended" })).toBeVisible(SOON);
    await expect(alert).toContainText("We look into a report about lost orders.");
    await expect(alert.getByRole("button")).toHaveCount(0);
    await expect(page.locator("breezeway-app iframe")).toHaveCount(0);
  } finally {
    await apps.resume("orders");
  }
  await expect(page.getByTestId("mount-state")).toHaveText("Connected", SOON);
  await expect(orders.getByRole("table")).toBeVisible();
  expect(await page.evaluate(() => "wasNotReloaded" in window)).toBe(true);
});

test("an open frame stays as it is when its tenant gets another channel, until the host reloads it", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  const { origin } = platform.addresses.orders;
  await demo.signIn();
  const { apps } = platform.issuer;
  const beta = { url: `${origin}/beta/`, version: "2.0.0-rc.1" };
  const put = (label: string): Promise<unknown> =>
    apps.put(
      {
        id: "returns",
        name: "Returns",
        version: "1.0.0",
        url: `${origin}/`,
        scopes: ["orders:read"],
        placements: [{ type: "menu", label, path: "/" }],
        channels: { beta },
      },
      // The pages are those of another app.
      { sharesOrigin: true },
    );
  await put("Returns");
  try {
    await page.getByRole("link", { name: "Returns" }).click(SOON);
    const state = page.getByTestId("mount-state");
    await expect(state).toHaveText("Connected");
    const element = page.locator("breezeway-app");
    const frame = element.locator("iframe");
    const shown = (): Promise<unknown> =>
      element.evaluate((app: AppElement) => app.mount?.version.channel);
    const inside = frame.contentFrame().locator("html");
    await inside.evaluate((html) => html.setAttribute("data-at-work", ""));
    const before = await page.evaluate(() => history.length);
    await apps.setChannel({ appId: "returns", tenantId: "acme", channel: "beta" });
    // The page that shows the new label knows the channel, too.
    await put("Returned goods");
    await expect(page.getByRole("link", { name: "Returned goods" })).toBeVisible(SOON);
    await expect(inside).toHaveAttribute("data-at-work");
    expect(await shown()).toBe("stable");
    await element.evaluate((app: AppElement) => app.mount?.reload());
    await expect(frame).toHaveAttribute("src", beta.url);
    await expect(inside).not.toHaveAttribute("data-at-work");
    await expect(state).toHaveText("Connected");
    expect(await shown()).toBe("beta");
    expect(await page.evaluate(() => history.length)).toBe(before);
  } finally {
    await apps.remove("returns");
  }
});

test("a suspension in one tenant leaves the app to the others", async ({ demo, platform }) => {
  const { page } = demo;
  await demo.signIn();
  await demo.openApp("Orders");
  const { apps } = platform.issuer;
  await apps.suspend("orders", { reason: "Not paid.", tenantId: "globex" });
  try {
    await page.goto(`${platform.url}/apps/orders`);
    await expect(page.getByTestId("mount-state")).toHaveText("Connected");
    await page.getByRole("button", { name: /Workspace/ }).click();
    await page.getByRole("menuitemradio", { name: "Globex Industrial" }).click();
    await expect(page.locator("breezeway-app").getByRole("alert")).toContainText("Not paid.", SOON);
  } finally {
    await apps.resume("orders", { tenantId: "globex" });
  }
});
