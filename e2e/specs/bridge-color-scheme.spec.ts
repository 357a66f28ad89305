/**
 * What stands behind an app in light and dark pages. A frame is transparent only where the app has the
 * scheme of the page: elsewhere its text could have the colour of what is behind it.
 */
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { guestIn } from "../support/surfaces.ts";

type Scheme = "light" | "dark";

/** A colour of no canvas. It shows where a frame is transparent. */
const PAGE = "80,40,120";
/** The browser's canvas of light and of dark documents. */
const CANVAS: Readonly<Record<Scheme, string>> = { light: "255,255,255", dark: "18,18,18" };

interface Case {
  /** `colorSchemes` of the manifest. */
  readonly declares: readonly Scheme[] | undefined;
  /** What the app's document shows under each theme; `""`: it declares no `color-scheme`. */
  readonly shows: (theme: Scheme) => Scheme | "";
  /** The colour behind the app before the host has stated a theme, and then under each theme. */
  readonly behind: Readonly<Record<"unstated" | Scheme, string>>;
}

const { light, dark } = CANVAS;
const follows = (theme: Scheme): Scheme => theme;

const CASES: Readonly<Record<string, Case>> = {
  "an app that declares nothing and has no styles": {
    declares: undefined,
    shows: () => "",
    behind: { unstated: light, dark: light, light: PAGE },
  },
  "an app that follows the theme and says so": {
    declares: ["light", "dark"],
    shows: follows,
    behind: { unstated: light, dark: PAGE, light: PAGE },
  },
  "an app that follows the theme and declares nothing": {
    declares: undefined,
    shows: follows,
    behind: { unstated: light, dark, light: PAGE },
  },
  "a dark app": {
    declares: ["dark"],
    shows: () => "dark",
    behind: { unstated: dark, dark: PAGE, light: dark },
  },
};

test("an app is readable under each theme and after each switch, and seamless where it has the theme's scheme", async ({
  bridge,
}) => {
  const page = await openPage(bridge.openHost);
  for (const [title, { declares, shows, behind }] of Object.entries(CASES)) {
    const iframe = await mountWith(page, declares);
    const frame = await guestIn(page, "body > iframe");
    for (const theme of ["unstated", "dark", "light", "dark"] as const) {
      const told = theme === "unstated" ? "light" : theme;
      if (theme !== "unstated") await setTheme(page, theme);
      await frame.evaluate(
        (scheme) => (document.documentElement.style.colorScheme = scheme),
        shows(told),
      );
      const where = `${title}, theme ${theme}`;
      await expect.poll(() => colourAt(iframe, 0.5), where).toBe(behind[theme]);
      const isOpaque = behind[theme] !== PAGE;
      expect((await iframe.getAttribute("data-opaque")) !== null, where).toBe(isOpaque);
    }
    await page.evaluate(() => window.host.close());
  }
});

test("a frame that comes back to the page has the scheme that the host has set meanwhile", async ({
  bridge,
}) => {
  const page = await openPage(bridge.openHost);
  const iframe = await mountWith(page, ["light", "dark"]);
  await guestIn(page, "body > iframe");
  await expect(iframe).toHaveCSS("color-scheme", "light");
  await page.evaluate(async () => {
    const { element } = window.mount;
    element.remove();
    // Coming back within the same task would count as a move.
    await new Promise((resolve) => setTimeout(resolve));
    window.host.theme.set({ scheme: "dark" });
    document.body.append(element);
  });
  const again = await guestIn(page, "body > iframe");
  expect(await again.evaluate(async () => (await window.bridge).theme.current.scheme)).toBe("dark");
  await expect(iframe).toHaveCSS("color-scheme", "dark");
});

test("<breezeway-app> rounds an app of another scheme, and the page can change that", async ({
  bridge,
}) => {
  const page = await openPage(bridge.openHost);
  await page.evaluate(() => {
    window.host.theme.set({ scheme: "dark" });
    window.setDefaultHost(window.host);
    document.body.innerHTML = `<breezeway-app app="orders" style="--breezeway-surface: rgb(80 40 120)"></breezeway-app>`;
  });
  await guestIn(page, "breezeway-app iframe");
  const element = page.locator("breezeway-app");
  await expect.poll(() => colourAt(element, 0.5)).toBe(light);
  expect(await colourAt(element, 0)).toBe(PAGE);
  await element.evaluate(({ style }) => style.setProperty("--breezeway-frame-radius", "0"));
  await expect.poll(() => colourAt(element, 0)).toBe(light);
});

/** A page with a background of its own that declares no `color-scheme`, as many dark pages do. */
async function openPage(openHost: () => Promise<Page>): Promise<Page> {
  const page = await openHost();
  await page.evaluate(() => (document.documentElement.style.background = "rgb(80 40 120)"));
  return page;
}

/** Mounts an app with these `colorSchemes` in a host that has stated no theme. */
async function mountWith(page: Page, declares: readonly Scheme[] | undefined): Promise<Locator> {
  await page.evaluate((colorSchemes) => {
    const [registered] = window.host.apps.all;
    if (!registered) throw new Error("Expected the host to have an app.");
    const { id, name, version, url } = registered;
    window.host = window.breezeway.createHost({
      issuerUrl: "/auth",
      apps: [{ id, name, version, url, ...(colorSchemes ? { colorSchemes } : {}) }],
    });
    window.mount = window.host.mount(id, { container: document.body });
  }, declares);
  return page.locator("body > iframe");
}

const setTheme = (page: Page, theme: Scheme): Promise<void> =>
  page.evaluate((scheme) => window.host.theme.set({ scheme }), theme);

/** Red, green and blue of one point: 0 is the first pixel at the top left, 0.5 is the middle. */
async function colourAt(element: Locator, part: number): Promise<string> {
  const png = (await element.screenshot()).toString("base64");
  return element.page().evaluate(
    async ([data, at]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const { width, height } = image;
      const canvas = new OffscreenCanvas(width, height).getContext("2d");
      canvas?.drawImage(image, 0, 0);
      const pixel = canvas?.getImageData(Math.floor(width * at), Math.floor(height * at), 1, 1);
      return [...(pixel?.data ?? [])].slice(0, 3).join(",");
    },
    [png, part] as const,
  );
}
