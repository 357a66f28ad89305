import { expect, test } from "../support/demo.ts";

test("a pane that opens shows the customer that is already selected", async ({
  demo,
  page,
  platform,
}) => {
  await demo.signIn();
  await page.goto(`${platform.url}/customers/c-102`);
  await expect(
    demo.guest("Customer insights").getByRole("heading", { name: "Insights for Basecamp Supply" }),
  ).toBeVisible();
});

test("the pane follows each selection without a reload", async ({ demo, page }) => {
  const pane = await demo.openCustomer("Alpine & Co.");
  await pane.locator("body").evaluate((body) => (body.dataset["mark"] = "first document"));

  await page.getByRole("link", { name: "Fjord Trading" }).click();
  await expect(pane.getByRole("heading", { name: "Insights for Fjord Trading" })).toBeAttached();
  await page.keyboard.press("ArrowDown");
  await expect(pane.getByRole("heading", { name: "Insights for Granite Peak" })).toBeAttached();
  await page.goBack();
  await expect(pane.getByRole("heading", { name: "Insights for Fjord Trading" })).toBeAttached();
  await expect(pane.locator("body")).toHaveAttribute("data-mark", "first document");
});

test("the pane shows the same figures as the list", async ({ demo, page }) => {
  await demo.signIn();
  const row = page.getByRole("row", { name: /Lakeside Rentals/ });
  const [orders, value] = await row.locator("td.number").allTextContents();
  await row.getByRole("link").click();
  const figure = (name: string) =>
    demo.guest("Customer insights").locator(".figure", { hasText: name }).locator("dd");
  await expect(figure("Orders")).toHaveText(orders ?? "");
  await expect(figure("Lifetime value")).toHaveText(value ?? "");
});

test("shell and guests follow the system's colour scheme until the person chooses one", async ({
  demo,
  page,
}) => {
  await page.emulateMedia({ colorScheme: "light" });
  await demo.signIn();
  await page.getByRole("link", { name: "Alpine & Co." }).click();
  const pane = demo.guest("Customer insights").locator("html");
  const shows = async (scheme: string): Promise<void> => {
    await expect(page.locator("html")).toHaveAttribute("data-theme", scheme);
    await expect(pane).toHaveAttribute("data-theme", scheme);
  };
  await shows("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shows("dark");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Light appearance" }).click();
  await shows("light");
  await page.emulateMedia({ colorScheme: "light" });
  await page.emulateMedia({ colorScheme: "dark" });
  await shows("light");
});

test("guests follow the shell's appearance when it changes", async ({ demo, page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  const pane = await demo.openCustomer("Alpine & Co.");
  await expect(pane.locator("html")).toHaveAttribute("data-theme", "light");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Dark appearance" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(pane.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the pane is as high as its content and opens an order in the orders app", async ({
  demo,
  page,
}) => {
  const pane = await demo.openCustomer("Alpine & Co.");
  const excess = () =>
    pane.locator("html").evaluate((root) => root.scrollHeight - root.clientHeight);
  const spare = () =>
    pane.locator("main").evaluate((main) => window.innerHeight - main.clientHeight);
  await expect.poll(excess).toBe(0);
  await expect.poll(spare).toBeLessThan(4);
  const link = pane.getByRole("button", { name: /^#\d+$/ }).first();
  const number = (await link.textContent())?.trim().slice(1);
  await link.click();
  await expect(page).toHaveURL(new RegExp(`/apps/orders/${number}$`));
  await expect(
    demo.guest("Orders").getByRole("heading", { name: `Order #${number}` }),
  ).toBeVisible();
});

test("an app that navigates to another app through the shell's own path is refused", async ({
  demo,
  page,
}) => {
  const pane = await demo.openCustomer("Alpine & Co.");
  const before = page.url();
  const codes = await pane.locator("customer-pane").evaluate(async (element) => {
    const { ui } = element as unknown as { ui: { navigate(path: string): Promise<void> } };
    const asked = ["/apps/orders/1042", "/sign-out", "/auth/logout"].map((path) =>
      ui.navigate(path).catch(({ code }: { code: string }) => code),
    );
    return Promise.all(asked);
  });
  expect(codes).toEqual(["SURFACE_REFUSED", "SURFACE_REFUSED", "SURFACE_REFUSED"]);
  expect(page.url()).toBe(before);
});
