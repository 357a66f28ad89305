/**
 * The demo platform for the specs: one per worker, whole again for each test. A page of it that
 * breaks its own content security policy, or throws, fails the test.
 */
import type { Part, Platform, PlatformOptions } from "@breezeway/demo";
import { test as base, expect, type FrameLocator, type Page } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstParty } from "./http.ts";

const TENANTS = { "Acme Outfitters": "acme", "Globex Industrial": "globex" } as const;

export interface Credentials {
  readonly person?: "Alice" | "Bob" | "Carol" | "Dana";
  readonly workspace?: keyof typeof TENANTS;
}

/** The demo as a person uses it. */
export interface Demo {
  readonly platform: Platform;
  readonly page: Page;
  /** Opens the shell as somebody who has signed in, and waits for the first page. */
  signIn(credentials?: Credentials): Promise<void>;
  /** Opens an app from the sidebar. */
  openApp(name: "Orders" | "Inspector"): Promise<FrameLocator>;
  /** Signs in and selects a customer, and waits until the pane shows it. */
  openCustomer(name: string): Promise<FrameLocator>;
  /** Inside of an app's frame that is on the page. */
  guest(name: "Orders" | "Inspector" | "Customer insights"): FrameLocator;
  /** Inside of an app's page that the shell shows in a dialog. */
  readonly dialog: FrameLocator;
}

export interface WorkerFixtures {
  readonly platformOptions: Partial<PlatformOptions>;
  readonly wholePlatform: Platform;
}

export interface TestFixtures {
  readonly platform: Platform;
  readonly demo: Demo;
  readonly cleanConsole: void;
  /** Messages of the console that a test expects; everything else of its kind fails it. */
  readonly expectedMessages: RegExp[];
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  platformOptions: [{}, { scope: "worker", option: true }],

  wholePlatform: [
    async ({ platformOptions }, use) => {
      // Imported here, not above: Playwright's main process lists the tests without the platform.
      const { startPlatform } = await import("@breezeway/demo");
      const { freeBasePort } = await import("./free-ports.ts");
      const dataDir = await mkdtemp(join(tmpdir(), "breezeway-e2e-"));
      const basePort = await freeBasePort();
      const platform = await startPlatform({ basePort, dataDir, ...platformOptions });
      await use(platform);
      await platform.close();
      await rm(dataDir, { recursive: true });
    },
    { scope: "worker", timeout: 120_000 },
  ],

  platform: async ({ wholePlatform }, use) => {
    await use(wholePlatform);
    // A test may have taken parts down.
    const parts: Part[] = ["shell", "gateway", "upstream", "orders", "customer-pane", "inspector"];
    for (const part of parts) await wholePlatform.start(part);
  },

  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  expectedMessages: async ({}, use) => use([]),

  cleanConsole: [
    async ({ context, expectedMessages }, use) => {
      const faults: string[] = [];
      context.on("weberror", (error) => faults.push(`thrown: ${error.error().message}`));
      context.on("console", (message) => {
        const text = message.text();
        // Refused requests are logged by the browser itself, and are what some tests are about.
        const isOurs = !text.startsWith("Failed to load resource");
        if (isOurs && (message.type() === "error" || message.type() === "warning")) {
          faults.push(`console.${message.type()}: ${text}`);
        }
      });
      await use();
      const unexpected = faults.filter(
        (fault) => !expectedMessages.some((pattern) => pattern.test(fault)),
      );
      expect(unexpected, "a page complained").toEqual([]);
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
      // The way through the sign-in page has tests of its own, and takes a second each time.
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

/** The way of a person through the sign-in page. */
export async function chooseIdentity(
  page: Page,
  { person, workspace }: Required<Credentials>,
): Promise<void> {
  await page.getByRole("radio", { name: person }).check();
  await page.getByRole("radio", { name: workspace, exact: true }).check();
  await page.getByRole("button", { name: `Continue as ${person}` }).click();
}

export { expect };
