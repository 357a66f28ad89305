/** Scopes that an app asks for while a page of the demo is open. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Platform } from "@breezeway/demo";
import { expect, test } from "../support/demo.ts";
import { pauseClock } from "../support/pause-clock.ts";

const KEY = { appId: "orders", tenantId: "acme" };
/** How soon an open page must have what was decided elsewhere. */
const SOON = { timeout: 5_000 };

const grantAgain = ({ issuer, apps }: Platform): Promise<unknown> =>
  issuer.installations.grants.set({ ...KEY, scopes: apps.get("orders")?.scopes ?? [] });

test.afterEach(({ platform }) => grantAgain(platform));

test("an administrator allows more in the host's own dialog, and the same page has it at once", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  const { grants } = platform.issuer.installations;
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  const dialog = page.getByRole("alertdialog", { name: "Allow Orders to do more?" });
  await orders.getByRole("button", { name: "Export" }).click();
  await expect(dialog.getByRole("listitem")).toHaveText(["Download all orders as a file"]);
  await expect(dialog.getByRole("button", { name: "Not now" })).toBeFocused();
  const { violations } = await new AxeBuilder({ page }).include("breezeway-ui").analyze();
  expect(violations).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  expect((await grants.get(KEY))?.scopes).not.toContain("orders:export");

  await orders.getByRole("button", { name: "Export" }).click();
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Allow" }).click();
  expect((await downloading).suggestedFilename()).toBe("orders.csv");
  expect(await grants.get(KEY)).toMatchObject({ actor: "alice" });
  // Nobody is asked twice.
  const again = page.waitForEvent("download");
  await orders.getByRole("button", { name: "Export" }).click();
  await again;
});

test("the second click of a double click allows nothing", async ({ demo, platform }) => {
  const { page } = demo;
  await demo.signIn();
  const orders = await demo.openApp("Orders");
  await pauseClock(page);
  await orders.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("alertdialog");
  const allow = dialog.getByRole("button", { name: "Allow" });
  await expect(allow).toBeDisabled();
  // As fast as a user who clicks twice where the app has put its button.
  await allow.click({ force: true });
  await expect(dialog).toBeVisible();
  await page.clock.runFor(700);
  await expect(allow).toBeEnabled();
  expect((await platform.issuer.installations.grants.get(KEY))?.scopes).not.toContain(
    "orders:export",
  );
});

test("the wish of somebody who may not decide waits, and works in the same page once it is granted", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  const { grants } = platform.issuer.installations;
  await demo.signIn({ person: "Bob" });
  const orders = await demo.openApp("Orders");
  await page.evaluate(() => Object.assign(window, { wasNotReloaded: true }));
  await orders.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("An administrator of your organization decides.");
  await dialog.getByRole("button", { name: "Ask" }).click();
  await expect(page.getByText("Your administrator was asked to allow the export.")).toBeVisible();
  expect(await grants.wishes("acme")).toMatchObject([
    { ...KEY, userId: "bob", scopes: ["orders:export"] },
  ]);

  const scopes = [...(platform.apps.get("orders")?.scopes ?? []), "orders:export"];
  await grants.set({ ...KEY, scopes, actor: "alice" });
  expect(await grants.wishes("acme")).toEqual([]);
  const downloading = page.waitForEvent("download");
  await orders.getByRole("button", { name: "Export" }).click();
  await downloading;
  expect(await page.evaluate(() => "wasNotReloaded" in window)).toBe(true);
});

test("more scopes in a manifest change nothing until somebody agrees, and revoked ones are gone soon", async ({
  demo,
  platform,
}) => {
  const { page } = demo;
  const { grants } = platform.issuer.installations;
  const { origin } = platform.addresses.orders;
  const key = { appId: "returns", tenantId: "acme" };
  const { apps } = platform.issuer;
  const manifest = {
    id: "returns",
    name: "Returns",
    version: "1.0.0",
    url: `${origin}/`,
    scopes: [] as string[],
    placements: [{ type: "menu" as const, label: "Returns", path: "/" }],
  };
  await apps.put(manifest, { sharesOrigin: true });
  try {
    await demo.signIn();
    await page.getByRole("link", { name: "Returns" }).click(SOON);
    const frame = page.frameLocator("breezeway-app iframe");
    const table = frame.getByRole("table");
    const retry = frame.getByRole("button", { name: "Try again" });
    const reload = async (): Promise<void> => {
      await frame.getByRole("button", { name: /^All/ }).click();
    };
    await expect(page.getByTestId("mount-state")).toHaveText("Connected");
    await expect(table).toBeHidden();
    await apps.put({ ...manifest, scopes: ["orders:read"] }, { sharesOrigin: true });
    await reload();
    await expect(retry.or(frame.getByRole("alert"))).toBeVisible();
    await expect(table).toBeHidden();
    await grants.set({ ...key, scopes: ["orders:read"], actor: "alice" });
    await expect(async () => {
      await reload();
      await expect(table).toBeVisible({ timeout: 500 });
    }).toPass(SOON);
    await grants.set({ ...key, scopes: [] });
    await expect(async () => {
      await reload();
      await expect(table).toBeHidden({ timeout: 500 });
    }).toPass(SOON);
  } finally {
    await apps.remove("returns");
  }
});
