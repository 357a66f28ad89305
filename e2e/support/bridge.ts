/** Fixtures of the bridge specs: the worker's platform, a host page, and frames in it. */
import type { Frame, Page } from "@playwright/test";
import type * as GuestModule from "@breezeway/guest";
import type * as GuestProofModule from "@breezeway/guest/proof";
import type * as GuestUiModule from "@breezeway/guest/ui";
import type * as HostModule from "@breezeway/host";
import type * as ElementModule from "@breezeway/host/element";
import type * as Penpal from "penpal";
import type * as Zod from "zod/mini";
import type { Platform } from "../fixtures/bridge/platform.ts";
import { readyFrameOf } from "./frames.ts";
import { test as base } from "./workers.ts";

declare global {
  interface Window {
    breezeway: typeof HostModule &
      typeof GuestModule &
      typeof GuestProofModule &
      typeof GuestUiModule;
    z: typeof Zod;
    createHostUi: typeof ElementModule.createHostUi;
    setDefaultHost: typeof ElementModule.setDefaultHost;
    penpal: typeof Penpal;
    host: HostModule.Host;
    bridge: Promise<GuestModule.AppBridge>;
    mount: HostModule.Mount;
    log: unknown[];
  }
}

export interface HostSetup {
  readonly handshakeTimeoutMs?: number;
  readonly capabilities?: readonly string[];
  readonly limits?: HostModule.HostOptions["limits"];
  readonly withholdTokens?: boolean;
  /** Toasts and dialogs, and a handler of navigations that logs them. */
  readonly hasSurfaces?: boolean;
}

export interface BridgeFixture {
  readonly platform: Platform;
  /** A host page with a host of two apps, `orders` and `stock`, and a few methods. */
  readonly openHost: (setup?: HostSetup, on?: Page) => Promise<Page>;
  /** Creates the same host in a page that is already open, such as after a reload. */
  readonly startHost: (setup?: HostSetup, on?: Page) => Promise<Page>;
  /** Mounts an app as `window.mount` and returns its frame when it has loaded. */
  readonly mount: (page: Page, options?: { app?: string; path?: string }) => Promise<Frame>;
}

export const test = base.extend<{ bridge: BridgeFixture }>({
  bridge: async ({ bridgePlatform: platform, page }, use) => {
    resetPlatform(platform);
    const openHost = async (setup: HostSetup = {}, on: Page = page): Promise<Page> => {
      await on.goto(platform.hostOrigin);
      return startIn(setup, on);
    };
    const startIn = async (setup: HostSetup = {}, on: Page = page): Promise<Page> => {
      await on.waitForFunction(() => "breezeway" in window);
      await on.evaluate(startHost, {
        setup,
        guestOrigin: platform.guestOrigin,
        gatewayOrigin: platform.gatewayOrigin,
      });
      return on;
    };
    await use({
      platform,
      openHost,
      startHost: startIn,
      mount: (on, options) => mountApp(on, options),
    });
  },
});

export { expect } from "@playwright/test";

function resetPlatform({ issuer, gateway }: Platform): void {
  issuer.user = { userId: "alice", tenantId: "acme", handle: "session-1" };
  issuer.ttlSeconds = 60;
  issuer.isOffline = false;
  issuer.mints.length = 0;
  gateway.requests.length = 0;
  gateway.refusals.length = 0;
}

function startHost({
  setup,
  guestOrigin,
  gatewayOrigin,
}: {
  setup: HostSetup;
  guestOrigin: string;
  gatewayOrigin: string;
}): void {
  const app = (id: string, name: string) => ({
    id,
    name,
    version: "1.0.0",
    url: `${guestOrigin}/${id}`,
    capabilities: setup.capabilities ?? [],
    placements: [
      { type: "modal", name: `edit-${id}`, label: `Edit ${name}`, path: `/${id}?modal` } as const,
    ],
  });
  window.log = [];
  window.host = window.breezeway.createHost({
    issuerUrl: "/auth",
    gatewayUrl: gatewayOrigin,
    apps: [app("orders", "Orders"), app("stock", "Stock")],
    context: { page: "home" },
    ...(setup.limits ? { limits: setup.limits } : {}),
    ...(setup.handshakeTimeoutMs ? { handshakeTimeoutMs: setup.handshakeTimeoutMs } : {}),
    withholdTokens: () => setup.withholdTokens ?? false,
    ...(setup.hasSurfaces
      ? {
          ui: window.createHostUi(),
          onNavigate: (target, { app: { id: from } }) => void window.log.push({ from, ...target }),
        }
      : {}),
    onError: (error) => window.log.push(String(error)),
    methods: {
      add: (...args) => Number(args[0]) + Number(args[1]),
      whoAmI() {
        return this.app.id;
      },
      fail: () => {
        throw new Error("secret of the host");
      },
      handBack: (value) => window.breezeway.withTransfer(value, [value as object]),
      hang: () => new Promise(() => {}),
    },
  });
}

async function mountApp(
  page: Page,
  { app = "orders", path }: { app?: string; path?: string } = {},
): Promise<Frame> {
  await page.evaluate(
    ([appId, at]) => {
      window.mount = window.host.mount(appId, {
        container: document.body,
        ...(at === undefined ? {} : { path: at }),
      });
    },
    [app, path] as const,
  );
  return readyFrameOf(page);
}
