/**
 * Features of Chromium that are off in the browser tests. Of several `--disable-features` only the
 * last one counts, so ours repeats Playwright's; `specs/browser.spec.ts` compares the two.
 */
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
// own, without a head too: more than half of what opening a test's page costs.
const ADDRESS_BAR_PAGES = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];

export const DISABLED_FEATURES: readonly string[] = [...PLAYWRIGHTS_OWN, ...ADDRESS_BAR_PAGES];
