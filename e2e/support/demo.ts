/**
 * The demo platform for the specs. Each worker has one, and every test starts with all parts running. A
 * test fails when a page throws or violates its content security policy.
 */
import type { Part, Platform } from "@breezeway/demo";
import { expect, type FrameLocator, type Page } from "@playwright/test";
import { firstParty } from "./http.ts";
import { test as base } from "./workers.ts";

const TENANTS = { "Acme Outfitters": "acme", "Globex Industrial": "globex" } as const;

export interface Credentials {
  readonly person?: "Alice" | "Bob" | "Carol" | "Dana";
  readonly workspace?: keyof typeof TENANTS;
}

/** Drives the demo as a person would. */
export interface Demo {
  readonly platform: Platform;
  readonly page: Page;
  /** Signs in without the sign-in page, opens the shell, and waits for its first page. */
  signIn(credentials?: Credentials): Promise<void>;
  /** Opens an app from the sidebar and waits until it is connected. */
  openApp(name: "Orders" | "Inspector"): Promise<FrameLocator>;
  /** Signs in, selects a customer, and waits until the pane shows the customer. */
  openCustomer(name: string): Promise<FrameLocator>;
  /** The frame of an app on the page. */
  guest(name: "Orders" | "Inspector" | "Customer insights"): FrameLocator;
  /** The frame of an app's page that the shell shows in a dialog. */
  readonly dialog: FrameLocator;
}

export interface TestFixtures {
  readonly platform: Platform;
  readonly demo: Demo;
  readonly cleanConsole: void;
  /** Console messages that a test expects. Any other error or warning fails the test. */
  readonly expectedMessages: RegExp[];
}

export const test = base.extend<TestFixtures>({
  platform: async ({ demoPlatform }, use) => {
    await use(demoPlatform);
    // The test may have stopped parts.
    const parts: Part[] = ["shell", "gateway", "upstream", "orders", "customer-pane", "inspector"];
    for (const part of parts) await demoPlatform.start(part);
  },

  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  expectedMessages: async ({}, use) => use([]),

  cleanConsole: [
    async ({ context, expectedMessages }, use) => {
      const faults: string[] = [];
      context.on("weberror", (error) => faults.push(`thrown: ${error.error().message}`));
      context.on("console", (message) => {
        const text = message.text();
        // The browser itself logs failed requests, and some tests cause them on purpose.
        const isOurs = !text.startsWith("Failed to load resource");
        if (isOurs && (message.type() === "error" || message.type() === "warning")) {
          faults.push(`console.${message.type()}: ${text}`);
        }
      });
      await use();
      const unexpected = faults.filter(
        (fault) => !expectedMessages.some((pattern) => pattern.test(fault)),
      );
      expect(unexpected, "errors and warnings on the console").toEqual([]);
    },
    { auto: true },
  ],

  demo: async ({ platform, page }, use) => {
    const guest: Demo["guest"] = (name) => page.frameLocator(`main iframe[title="${name}"]`);
    const signIn: Demo["signIn"] = async ({
      person = "Alice",
      workspace = "Acme Outfitters",
    } = {}) => {
      const { origin } = platform.addresses.shell;
      // The sign-in page has its own tests and would take a second in each of the others.
      const answer = await page.request.post(`${origin}/auth/login/dev`, {
        headers: firstParty(origin),
        data: { userId: person.toLowerCase(), tenantId: TENANTS[workspace] },
      });
      expect(answer.status()).toBe(200);
      await page.goto(platform.url);
      await expect(page.getByRole("heading", { name: "Customers" })).toBeVisible();
    };
    await use({
      platform,
      page,
      guest,
      dialog: page.frameLocator("breezeway-ui iframe"),
      signIn,
      async openCustomer(name) {
        await signIn();
        await page.getByRole("link", { name }).click();
        const pane = guest("Customer insights");
        await expect(pane.getByRole("heading", { name: `Insights for ${name}` })).toBeAttached();
        return pane;
      },
      async openApp(name) {
        await page.getByRole("link", { name, exact: true }).click();
        await expect(page.getByTestId("mount-state")).toHaveText("Connected");
        return guest(name);
      },
    });
  },
});

/** Fills in and submits the sign-in page. */
export async function chooseIdentity(
  page: Page,
  { person, workspace }: Required<Credentials>,
): Promise<void> {
  await page.getByRole("radio", { name: person }).check();
  await page.getByRole("radio", { name: workspace, exact: true }).check();
  await page.getByRole("button", { name: `Continue as ${person}` }).click();
}

export { expect };
