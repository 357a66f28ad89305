/**
 * What a worker starts once, on first use, for the specs of all files. Playwright starts another worker with
 * another browser for a file whose worker fixtures differ, so every spec builds its `test` on this one.
 */
import type { Platform as Demo } from "@breezeway/demo";
import { test as base, type Browser } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Platform } from "../fixtures/bridge/platform.ts";

export interface WorkerFixtures {
  /** Two sites, an issuer and a gateway whose responses a spec chooses. */
  readonly bridgePlatform: Platform;
  /** The demo platform with all parts. */
  readonly demoPlatform: Demo;
  /** A browser with a back/forward cache, which Playwright disables. */
  readonly cachingBrowser: Browser;
}

// The platforms are imported on first use, because Playwright's main process lists the tests without them.
export const test = base.extend<object, WorkerFixtures>({
  bridgePlatform: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
    async ({}, use) => {
      const { startPlatform } = await import("../fixtures/bridge/platform.ts");
      const platform = await startPlatform();
      await use(platform);
      await platform.close();
    },
    { scope: "worker" },
  ],

  demoPlatform: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
    async ({}, use) => withDemo({}, use),
    { scope: "worker", timeout: 120_000 },
  ],

  cachingBrowser: [
    async ({ playwright, launchOptions }, use) => {
      const browser = await playwright.chromium.launch({
        ...launchOptions,
        ignoreDefaultArgs: ["--disable-back-forward-cache"],
      });
      await use(browser);
      await browser.close();
    },
    { scope: "worker" },
  ],
});

/** Runs the demo platform on free ports, with files of its own, while `use` runs. */
export async function withDemo(
  options: { readonly tokenTtlSeconds?: number },
  use: (platform: Demo) => Promise<void>,
): Promise<void> {
  const { startPlatform } = await import("@breezeway/demo");
  const { freeBasePort } = await import("./free-ports.ts");
  const dataDir = await mkdtemp(join(tmpdir(), "breezeway-e2e-"));
  const platform = await startPlatform({ basePort: await freeBasePort(), dataDir, ...options });
  await use(platform);
  await platform.close();
  await rm(dataDir, { recursive: true });
}

export { expect } from "@playwright/test";
