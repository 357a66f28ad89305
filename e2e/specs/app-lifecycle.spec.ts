/** The life of an installation, with a real issuer, a real backend of the app, and its setup page. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Frame, Page } from "@playwright/test";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { verifyLifecycle, type LifecycleEvent } from "@breezeway/verify/lifecycle";
import { expect, test as base } from "../support/bridge.ts";
import { startPlatform, type Platform } from "../fixtures/bridge/platform.ts";
import { readyFrameOf } from "../support/frames.ts";

interface Scene {
  readonly platform: Platform;
  readonly issuer: Issuer;
  /** Events that the app's backend has received and verified. */
  readonly received: LifecycleEvent[];
  /** Signs a person in and creates a host in the page. */
  openHost(userId?: string): Promise<void>;
  /** Mounts the setup page and returns its frame. */
  setup(): Promise<Frame>;
}

const test = base.extend<{ scene: Scene }>({
  async scene({ page }, use) {
    const platform = await startPlatform();
    const received: LifecycleEvent[] = [];
    const url = `${platform.hostOrigin}/auth`;
    const lifecycle = verifyLifecycle({ issuer: url, audience: "orders" });
    const handle = lifecycle.nodeHandler((event) => void received.push(event));
    const backend = createServer((request, response) => void handle(request, response));
    await new Promise<void>((listening) => backend.listen(0, "127.0.0.1", listening));
    const backendUrl = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/lifecycle`;
    const app = {
      id: "orders",
      name: "Orders",
      version: "1.0.0",
      url: `${platform.guestOrigin}/orders`,
      lifecycle: {
        setupUrl: `${platform.guestOrigin}/orders/setup`,
        connectUrl: backendUrl,
        disconnectUrl: backendUrl,
      },
    };
    const issuer = createIssuer({
      issuer: url,
      apps: [app],
      store: sqliteStore({ file: ":memory:" }),
      installations: { required: true, mayManage: ({ session }) => session.userId === "alice" },
    });
    const handler = toNodeHandler(issuer);
    platform.answerAuth = async (request, response) => handler(request, response);
    await use({
      platform,
      issuer,
      received,
      async openHost(userId = "alice") {
        const { setCookie } = await issuer.sessions.create({ userId, tenantId: "acme" });
        const [name = "", value = ""] = setCookie.split(";", 1)[0]?.split("=") ?? [];
        await page.context().addCookies([{ name, value, url: platform.hostOrigin }]);
        await page.goto(platform.hostOrigin);
        await page.waitForFunction(() => "breezeway" in window);
        await page.evaluate((manifest) => {
          window.log = [];
          window.host = window.breezeway.createHost({
            issuerUrl: "/auth",
            apps: [manifest],
            onSetupCompleted: (completed, result) => {
              window.log.push([completed.id, result]);
            },
            onError: (error) => window.log.push(String(error)),
          });
        }, app);
      },
      async setup() {
        await page.evaluate(() => {
          window.mount = window.host.installations.setup("orders", { container: document.body });
        });
        return readyFrameOf(page);
      },
    });
    lifecycle.close();
    await issuer.close();
    backend.closeAllConnections();
    await new Promise((closed) => backend.close(closed));
    await platform.close();
  },
});

/** Installs the app from the host's page and waits for the state `setup` through a subscription. */
function connect(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { installations } = window.host;
    const isThere = new Promise<string>((resolve) => {
      installations.subscribe(() => {
        void installations.list().then(([installation]) => {
          if (installation?.state === "setup") resolve(installation.id);
        });
      });
    });
    await installations.install("orders");
    return isThere;
  });
}

function complete(frame: Frame): Promise<string> {
  return frame.evaluate(async () => {
    const bridge = await window.bridge;
    return bridge.method.call("setupCompleted", { plan: "basic" }).then(
      () => "completed",
      (error: { code: string }) => error.code,
    );
  });
}

const KEY = { appId: "orders", tenantId: "acme" };

test("an app is installed, set up in its frame, used, and uninstalled", async ({ scene, page }) => {
  const { issuer, received } = scene;
  await scene.openHost();
  const id = await connect(page);
  expect(received).toMatchObject([{ event: "connect", installationId: id, tenantId: "acme" }]);

  const frame = await scene.setup();
  expect(new URL(frame.url()).pathname).toBe("/orders/setup");
  // The setup page has a token for its app's backend.
  expect(
    await frame.evaluate(async () => {
      const bridge = await window.bridge;
      return bridge.getSessionToken().then((token) => token.split(".").length);
    }),
  ).toBe(3);
  expect(await complete(frame)).toBe("completed");
  // The issuer stored the completion before the guest's call resolved and before the host's callback.
  expect(await issuer.installations.get(KEY)).toMatchObject({ id, state: "installed" });
  expect(await page.evaluate(() => window.log)).toEqual([["orders", { plan: "basic" }]]);
  expect(await complete(frame)).toBe("completed");

  await page.evaluate(() => window.host.installations.uninstall("orders"));
  await expect
    .poll(() => received.map(({ event, installationId }) => [event, installationId]))
    .toEqual([
      ["connect", id],
      ["disconnect", id],
    ]);
});

test("completing the setup of an uninstalled app is denied", async ({ scene, page }) => {
  await scene.openHost();
  await connect(page);
  const frame = await scene.setup();
  await page.evaluate(() => window.host.installations.uninstall("orders"));
  expect(await complete(frame)).toBe("DENIED");
  expect(await page.evaluate(() => window.log)).toEqual([]);
});

test("a person who may not manage apps cannot complete a setup", async ({ scene, page }) => {
  const { issuer } = scene;
  await scene.openHost("bob");
  await issuer.installations.install(KEY);
  await expect.poll(async () => (await issuer.installations.get(KEY))?.state).toBe("setup");
  expect(
    await page.evaluate(() =>
      window.host.installations.list().catch((error: { code: string }) => error.code),
    ),
  ).toBe("DENIED");
  expect(await complete(await scene.setup())).toBe("DENIED");
  expect(await issuer.installations.get(KEY)).toMatchObject({ state: "setup" });
});

test("an app outside its setup page cannot complete a setup", async ({ scene, page }) => {
  const { issuer } = scene;
  await scene.openHost();
  await connect(page);
  await page.evaluate(() => {
    window.mount = window.host.mount("orders", { container: document.body, placement: "setup" });
  });
  expect(await complete(await readyFrameOf(page))).toBe("completed");
  expect(await issuer.installations.get(KEY)).toMatchObject({ state: "setup" });
});
