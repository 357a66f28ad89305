/** What the host's error says about a frame that stays empty, in the cases that only a browser decides. */
import type { Page } from "@playwright/test";
import type { Mount } from "@breezeway/host";
import { expect, test } from "../support/bridge.ts";
import { pauseClock } from "../support/pause-clock.ts";

declare global {
  interface Window {
    silent: Map<string, Mount>;
    loaded: string[];
    /** Origins of the messages that the page has received. */
    origins: Set<string>;
  }
}

/** Mounts the app once for each path, in a page whose clock only the test advances. */
async function mountAll(page: Page, paths: readonly string[]): Promise<void> {
  await pauseClock(page);
  await page.evaluate((all) => {
    window.origins = new Set();
    addEventListener("message", ({ origin }) => window.origins.add(origin));
    window.loaded = [];
    window.silent = new Map(
      all.map((path) => {
        const container = document.createElement("div");
        if (path !== "/outside") document.body.append(container);
        const mount = window.host.mount("orders", { container, path });
        mount.element.addEventListener("load", () => window.loaded.push(path));
        return [path, mount];
      }),
    );
  }, paths);
}

/** The errors of the mounts, after the time for a handshake. */
async function errorsOf(page: Page): Promise<Record<string, string | undefined>> {
  await page.clock.runFor(10_500);
  return page.evaluate(() =>
    Object.fromEntries([...window.silent].map(([path, mount]) => [path, mount.error?.message])),
  );
}

const waitForLoads = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction((all) => window.loaded.length === all, count);

test("the host's error names the cause of an empty frame, as far as the browser shows it", async ({
  bridge,
  page,
}) => {
  const { guestOrigin, hostOrigin, strangerOrigin } = bridge.platform;
  await page.route(`${guestOrigin}/hangs`, () => undefined);
  await page.route(`${guestOrigin}/forbids`, (route) =>
    route.fulfill({ headers: { "x-frame-options": "DENY" }, contentType: "text/html", body: "" }),
  );
  const movedTo = (url: string): string => `/orders?moved-to=${encodeURIComponent(url)}`;
  const silent = "A page has loaded in its frame and did not begin a handshake.";
  const cases: Readonly<Record<string, string>> = {
    "/outside": "Its frame is not in the page,",
    "/hangs": "No page has loaded in its frame.",
    [movedTo(`${strangerOrigin}/orders`)]:
      `Its frame shows a page of ${strangerOrigin}, but the manifest's url is at ${guestOrigin}.`,
    [movedTo(`${hostOrigin}/login`)]: `Its frame shows a page of ${hostOrigin}, but`,
    [movedTo(`${strangerOrigin}/orders?wait=never`)]: silent,
    "/orders?wait=never": silent,
    "/forbids": silent,
  };
  await page.clock.install();
  await bridge.openHost();
  await mountAll(page, Object.keys(cases));
  await waitForLoads(page, 5);
  await page.waitForFunction((origin) => window.origins.has(origin), strangerOrigin);

  const errors = await errorsOf(page);
  for (const [path, says] of Object.entries(cases)) expect(errors[path], path).toContain(says);
});

test("the host's error in a cross-origin isolated page names the headers that the app needs", async ({
  bridge,
  page,
}) => {
  await page.route(`${bridge.platform.hostOrigin}/`, async (route) => {
    const response = await route.fetch();
    const headers = {
      ...response.headers(),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    await route.fulfill({ response, headers });
  });
  await page.clock.install();
  await bridge.openHost();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await mountAll(page, ["/orders"]);
  await waitForLoads(page, 1);
  expect((await errorsOf(page))["/orders"]).toContain(
    `cross-origin isolated, so the browser blocks the frame unless ${bridge.platform.guestOrigin} sends`,
  );
});
