import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// The distribution's Chromium when there is one; Playwright's own otherwise.
const found = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
].find((path) => existsSync(path));

// The headless shell is Chromium without windows. The complete browser opens a window for each page of a
// test, without a head too. `scripts/setup/headless-shell.mjs` sees to it that both have one version.
const SHELL =
  process.env["CHROMIUM_HEADLESS_SHELL_PATH"] ??
  (process.env["CHROMIUM_PATH"] ? "" : "/usr/bin/chromium-headless-shell");

// Attacks run in the browser that people use. The other two test what the shell lacks.
const COMPLETE_BROWSER = [
  "attacks/**/*.spec.ts",
  "specs/bridge-back-forward-cache.spec.ts",
  "specs/browser.spec.ts",
];

// Workspaces resolve to their source, in the workers too.
const CONDITION = "--conditions=@breezeway/source";
const nodeOptions = process.env["NODE_OPTIONS"] ?? "";
if (!nodeOptions.includes(CONDITION)) {
  process.env["NODE_OPTIONS"] = `${nodeOptions} ${CONDITION}`.trim();
}

// Only the last one of several `--disable-features` counts, so ours repeats Playwright's list;
// `specs/browser.spec.ts` compares the two.
const PLAYWRIGHTS_OWN = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "TcpPortRandomizationWin",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
  "msForceBrowserSignIn",
  "msEdgeUpdateLaunchServicesPreferredVersion",
];

// Two pages for the list below the address bar, which each new window loads in a process of its
// own, without a head too: about half of what opening a test's page costs.
const ADDRESS_BAR_PAGES = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];

// A process that waits for the next site, which nearly no test opens: one more for each test.
const SPARE_PROCESS = "SpareRendererForSitePerProcess";

const launchOptions = {
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Each site has a process of its own, as in a user's browser.
    "--site-per-process",
    `--disable-features=${[...PLAYWRIGHTS_OWN, ...ADDRESS_BAR_PAGES, SPARE_PROCESS].join(",")}`,
  ],
};
const complete = {
  launchOptions: { ...launchOptions, ...(found === undefined ? {} : { executablePath: found }) },
};
// Drawing in the browser's own process saves a twelfth of the processor time of a test.
const shellOptions = {
  executablePath: SHELL,
  args: [...launchOptions.args, "--in-process-gpu"],
};
const shell = existsSync(SHELL) ? { launchOptions: shellOptions } : complete;

export default defineConfig({
  testDir: "e2e",
  projects: [
    {
      name: "headless shell",
      testMatch: "specs/**/*.spec.ts",
      testIgnore: COMPLETE_BROWSER,
      use: shell,
    },
    { name: "complete browser", testMatch: COMPLETE_BROWSER, use: complete },
  ],
  outputDir: "test-results",
  // Node reads TypeScript itself, which takes a tenth of the time of Playwright's compiler.
  build: { external: ["**/*.ts", "**/*.tsx"] },
  fullyParallel: false,
  // A test that passes only when it is repeated has failed.
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    viewport: { width: 1360, height: 860 },
    // Animations take a seventh of the processor time. Tests of them ask for them.
    contextOptions: { reducedMotion: "reduce" },
    // Tracing takes a third of a test's time, so BREEZEWAY_TRACE=1 enables it.
    trace: process.env["BREEZEWAY_TRACE"] ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
  },
});
