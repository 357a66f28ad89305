import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";
import { DISABLED_FEATURES } from "./e2e/support/browser-features.ts";

// The distribution's Chromium when there is one; Playwright's own otherwise.
const found = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
].find((path) => existsSync(path));

// Workspaces resolve to their source, in the workers too.
const CONDITION = "--conditions=@breezeway/source";
const nodeOptions = process.env["NODE_OPTIONS"] ?? "";
if (!nodeOptions.includes(CONDITION)) {
  process.env["NODE_OPTIONS"] = `${nodeOptions} ${CONDITION}`.trim();
}

export default defineConfig({
  testDir: "e2e",
  testMatch: ["specs/**/*.spec.ts", "attacks/**/*.spec.ts"],
  outputDir: "test-results",
  fullyParallel: false,
  // A test that passes only when it is repeated has failed.
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    viewport: { width: 1360, height: 860 },
    // A trace of every test takes a third of its time: BREEZEWAY_TRACE=1 for when one is needed.
    trace: process.env["BREEZEWAY_TRACE"] ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
    launchOptions: {
      ...(found === undefined ? {} : { executablePath: found }),
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Each site in a process of its own, as on people's machines.
        "--site-per-process",
        `--disable-features=${DISABLED_FEATURES.join(",")}`,
      ],
    },
  },
});
