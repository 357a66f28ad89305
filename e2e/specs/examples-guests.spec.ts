import type { EmbeddedApp } from "@breezeway/playwright";
// The contract is the example's own: what it promises is what the host of this test offers.
import { contract } from "../fixtures/examples/contract.ts";
import { expect, test } from "../support/embed.ts";
import { startExampleGuest, type ExampleGuest } from "../support/example-guest.ts";
import { freeBasePort } from "../support/free-ports.ts";

const names = ["guest-react", "guest-lit", "guest-script-tag", "standalone"] as const;

const guests = new Map<string, ExampleGuest>();
let port = 0;

test.beforeAll(async () => {
  port = await freeBasePort();
  const start = async (name: string): Promise<void> => {
    guests.set(name, await startExampleGuest(name, `http://localhost:${port}`));
  };
  await Promise.all(names.map(start));
});
test.afterAll(async () => {
  await Promise.all(Array.from(guests.values(), (guest) => guest.stop()));
});

test.use({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  hostPort: async ({}, use) => use(port),
});

function urlOf(name: string): string {
  const guest = guests.get(name);
  if (guest) return guest.url;
  throw new Error(`${name} was not started`);
}

const customer = { id: "c-1", name: "Ada" };

for (const name of names) {
  test(`${name} shows the customer of the host and saves a note`, async ({ embed }) => {
    const app: EmbeddedApp<typeof contract> = await embed(urlOf(name), {
      contract,
      methods: { getCustomer: () => customer },
    });
    await app.publish("customer:changed", customer);
    await expect(app.frame.getByRole("heading")).toHaveText("Notes on Ada");
    await expect(app.frame.getByText("You are alice")).toBeVisible();
    await app.publish("customer:changed", { id: "c-2", name: "Grace" });
    await expect(app.frame.getByRole("heading")).toHaveText("Notes on Grace");

    await app.frame.getByLabel("Note").fill("call back");
    await app.frame.getByRole("button", { name: "Save" }).click();
    expect(await app.waitForEvent("note:saved")).toEqual({ customerId: "c-2", text: "call back" });
    await expect(app.frame.locator("output")).toHaveText("call back");
    expect(app.errors).toEqual([]);
  });
}

for (const name of ["guest-react", "guest-lit", "guest-script-tag"] as const) {
  test(`${name} says so when it is opened without a host`, async ({ page }) => {
    await page.goto(urlOf(name));
    await expect(page.getByText("Open this from the host.")).toBeVisible();
  });
}

test("standalone works without a host too", async ({ page }) => {
  await page.goto(`${urlOf("standalone")}?customer=c-9`);
  await expect(page.getByRole("heading")).toHaveText("Notes on Customer c-9");
  await page.getByLabel("Note").fill("on my own");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("output")).toHaveText("on my own");
});
