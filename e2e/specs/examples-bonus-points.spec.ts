/**
 * The example app `bonus-points`, which is written for another bridge, in a host page with a real
 * issuer and in `breezeway dev`.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Frame, FrameLocator, Page } from "@playwright/test";
import { sqliteStore, type Issuer } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { createIssuerForTesting } from "@breezeway/issuer/testing";
import { createTestClock } from "@breezeway/shared/testing";
import { startBonusPoints, type BonusPointsOptions } from "../support/bonus-points.ts";
import { expect, test as base } from "../support/bridge.ts";
import { startDevCommand } from "../support/dev-command.ts";
import { frameOf } from "../support/frames.ts";
import { freeBasePort } from "../support/free-ports.ts";
import { startPlatform } from "../fixtures/bridge/platform.ts";

const APP = { appId: "bonus-points", tenantId: "acme" };
/** A successor signs after this time. */
const ANNOUNCED_MS = 600_000;
const MARGIN_MS = 20_000;

interface Scene {
  readonly appOrigin: string;
  readonly issuer: Issuer;
  /** Signs alice in and creates a host in the page. */
  openHost(): Promise<void>;
  /** Mounts a page of the app. */
  show(path: string): Promise<FrameLocator>;
  /** The announced key signs from now on. */
  endRotation(): Promise<void>;
}

type Served = Pick<BonusPointsOptions, "from" | "keys">;

// Starting servers under load must not use up a test's own time.
const START = { timeout: 120_000 };

const test = base.extend<{ served: Served; scene: Scene; devUrl: string; errors: string[] }>({
  served: [{ from: "build", keys: "first" }, { option: true }],
  errors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await use(errors);
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
  scene: [
    async ({ page, served }, use) => {
      const platform = await startPlatform();
      const url = `${platform.hostOrigin}/auth`;
      const app = await startBonusPoints({
        ...served,
        hostOrigins: [platform.hostOrigin],
        issuer: url,
        audience: APP.appId,
      });
      const manifest = manifestOf(app.origin);
      // So that the rotation ends a moment before the real time, which backend and page read.
      const clock = createTestClock({ nowMs: Date.now() - ANNOUNCED_MS - 2 * MARGIN_MS });
      const issuer = createIssuerForTesting(
        {
          issuer: url,
          apps: [manifest],
          store: sqliteStore({ file: ":memory:" }),
          installations: { required: true, mayManage: () => true },
          tokenTtlSeconds: 300,
        },
        { clock },
      );
      const handler = toNodeHandler(issuer);
      platform.answerAuth = async (request, response) => handler(request, response);
      await issuer.ready;
      await issuer.keys.rotate();
      await clock.advance(ANNOUNCED_MS - MARGIN_MS);
      const { setCookie } = await issuer.sessions.create({ userId: "alice", tenantId: "acme" });
      const [name = "", value = ""] = setCookie.split(";", 1)[0]?.split("=") ?? [];
      await page.context().addCookies([{ name, value, url: platform.hostOrigin }]);
      await use({
        appOrigin: app.origin,
        issuer,
        async openHost() {
          await page.goto(platform.hostOrigin);
          await page.waitForFunction(() => "breezeway" in window);
          await page.evaluate(createHost, manifest);
        },
        async show(path) {
          await page.evaluate((at) => {
            window.mount = window.host.mount("bonus-points", {
              container: document.body,
              path: at,
            });
          }, path);
          return page.locator("iframe").last().contentFrame();
        },
        endRotation: () => clock.advance(2 * MARGIN_MS),
      });
      await issuer.close();
      await app.stop();
      await platform.close();
    },
    START,
  ],
  devUrl: [
    async ({ served }, use) => {
      const port = await freeBasePort();
      const hostOrigin = `http://localhost:${port}`;
      const app = await startBonusPoints({
        ...served,
        hostOrigins: [hostOrigin],
        issuer: `${hostOrigin}/auth`,
        audience: APP.appId,
      });
      const folder = await mkdtemp(join(tmpdir(), "breezeway-bonus-points-"));
      const manifest = join(folder, "manifest.json");
      await writeFile(manifest, JSON.stringify(manifestOf(app.origin)));
      const methods = join(folder, "methods.mjs");
      await writeFile(methods, `export default { getCurrentCustomerId: () => "c-1003" };`);
      const command = await startDevCommand(
        ...[`${app.origin}/setup`, "--port", String(port)],
        ...["--manifest", manifest, "--methods", methods],
      );
      await use(command.url);
      expect(await command.interrupt()).toBe(0);
      await app.stop();
      await rm(folder, { recursive: true });
    },
    START,
  ],
});

function manifestOf(origin: string) {
  return {
    id: APP.appId,
    name: "Bonus points",
    version: "1.0.0",
    url: `${origin}/main`,
    placements: [
      { type: "menu", label: "Bonus points", path: "/main" } as const,
      { type: "pane", context: "customer", label: "Points", path: "/pane" } as const,
    ],
    lifecycle: { setupUrl: `${origin}/setup` },
  };
}

/** Runs in the host's page. */
function createHost(manifest: ReturnType<typeof manifestOf>): void {
  window.log = [];
  window.host = window.breezeway.createHost({
    issuerUrl: "/auth",
    apps: [manifest],
    methods: {
      getCurrentCustomerId: () => {
        window.log.push("asked");
        return "c-1001";
      },
    },
    onError: (error) => window.log.push(String(error)),
  });
  window.host.event.subscribe("bonus:granted", (payload) => void window.log.push(payload));
}

/** Resolves to the `kid` of the token of the next request to the app's backend. */
async function nextKid(page: Page): Promise<string> {
  const request = await page.waitForRequest("**/api/customers");
  const token = (await request.allHeaders())["authorization"]?.replace("Bearer ", "") ?? "";
  const header = Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString();
  return (JSON.parse(header) as { kid: string }).kid;
}

test("the app is set up and used, by a backend that takes the first key, before and after a rotation", async ({
  page,
  scene,
}) => {
  const { issuer } = scene;
  await page.goto(`${scene.appOrigin}/main`);
  await expect(page.getByRole("heading")).toHaveText("Open this app from its host");

  await scene.openHost();
  await page.evaluate(() => window.host.installations.install("bonus-points"));
  await page.evaluate(() => {
    window.mount = window.host.installations.setup("bonus-points", { container: document.body });
  });
  const app = page.locator("iframe").last().contentFrame();
  await expect(app.getByRole("definition")).toHaveText(["acme", "alice"]);
  await app.getByLabel("Generous").check();
  await app.getByRole("button", { name: "Finish setup" }).click();
  await expect(app.getByRole("status")).toContainText("Setup is complete");
  expect(await issuer.installations.get(APP)).toMatchObject({ state: "installed" });

  const before = nextKid(page);
  await app.getByRole("button", { name: "Show customers" }).click();
  await expect(app.getByText("acme · 2 points per euro")).toBeVisible();
  await expect(app.getByRole("row")).toHaveCount(9);
  await expect(app.getByText("Updated at")).toContainText(/\d+:\d\d [AP]M/u);

  // A new page of the host asks for a new token.
  await scene.endRotation();
  await scene.openHost();
  const after = nextKid(page);
  const reopened = await scene.show("/main");
  await expect(reopened.getByRole("row")).toHaveCount(9);
  expect(await after).not.toBe(await before);
  expect(await page.evaluate(() => window.log)).toEqual([]);
});

test.describe("from its sources, in StrictMode", () => {
  test.use({ served: { from: "sources", keys: "all" } });

  test("the pane follows 50 events in a row, and starts again when it reloads", async ({
    page,
    scene,
  }) => {
    await scene.issuer.installations.install(APP);
    await scene.openHost();
    const pane = await scene.show("/pane");
    await expect(pane.getByRole("heading")).toHaveText("Ada Lindqvist");
    await page.evaluate(() => {
      for (let id = 1002; id <= 1051; id += 1)
        window.host.event.publish("CustomerChanged", { id: `c-${id}` });
    });
    await expect(pane.getByText("51 customers viewed")).toBeVisible();
    await expect(pane.getByRole("heading")).toHaveText("Grace Marchetti");
    await expect(pane.getByText("c-1051")).toBeVisible();

    const points = async () => Number(await pane.locator(".points").textContent());
    const held = await points();
    await pane.getByRole("button", { name: "Grant 10 points" }).click();
    await expect.poll(points).toBe(held + 10);
    const granted = { customerId: "c-1051", points: 10 };
    // StrictMode runs each effect twice.
    await expect.poll(() => page.evaluate(() => window.log)).toEqual(["asked", "asked", granted]);

    await page.evaluate(() => window.mount.reload());
    await expect(pane.getByText("1 customer viewed")).toBeVisible();
    await page.evaluate(() => window.host.event.publish("CustomerChanged", { id: "c-1042" }));
    await expect(pane.getByText("2 customers viewed")).toBeVisible();
    await expect(pane.getByText("c-1042")).toBeVisible();
  });
});

test("`breezeway dev` shows all pages of the app, through routes and reloads", async ({
  page,
  devUrl,
}) => {
  await page.goto(devUrl);
  const guest = page.frameLocator("iframe");
  await guest.getByRole("button", { name: "Finish setup" }).click();
  await guest.getByRole("button", { name: "Show customers" }).click();
  await expect(guest.getByText("acme · 1 point per euro")).toBeVisible();
  await expect(guest.getByRole("row")).toHaveCount(9);

  await guest.getByRole("button", { name: "Settings" }).click();
  await expect(guest.getByLabel("Standard")).toBeChecked();
  await inFrame(page, (frame) => frame.evaluate(() => history.back()));
  await expect(guest.getByRole("row")).toHaveCount(9);

  // Another document of the same app.
  await inFrame(page, (frame) => frame.evaluate(() => location.assign("/pane")));
  await expect(guest.getByRole("heading")).toHaveText("Mary Marchetti");
  await page.getByRole("button", { name: "Reload app" }).click();
  await expect(guest.getByLabel("Standard")).toBeChecked();
});

async function inFrame(page: Page, act: (frame: Frame) => Promise<unknown>): Promise<void> {
  await act(await frameOf(page));
}
