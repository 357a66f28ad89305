/** The size of an app's frame, and the app's path in the host. */
import type { Frame, Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { call, guestIn, open } from "../support/surfaces.ts";

test.describe("the size of a frame", () => {
  const mountSized = async (page: Page): Promise<Frame> => {
    await page.evaluate(() => {
      window.setDefaultHost(window.host);
      document.body.innerHTML = `<breezeway-app app="orders" min-height-px="80" max-height-px="500"></breezeway-app>`;
    });
    return guestIn(page, "breezeway-app iframe");
  };
  const heightOf = (page: Page): Promise<number | undefined> =>
    page.locator("breezeway-app").evaluate((element) => element.clientHeight);

  test("is chosen by the app within the host's limits", async ({ bridge, page }) => {
    await bridge.openHost({ hasSurfaces: true });
    const frame = await mountSized(page);
    expect(await call(frame, "resize", { heightPx: 1e9 })).toEqual({ value: { heightPx: 500 } });
    expect(await heightOf(page)).toBe(500);
    expect(await call(frame, "resize", { heightPx: 0 })).toEqual({ value: { heightPx: 80 } });
    expect(await heightOf(page)).toBe(80);
    expect(await call(frame, "resize", { heightPx: Number.NaN })).toEqual({
      code: "CALL_ARGUMENTS_INVALID",
    });
    expect(await call(frame, "resize", { widthPx: 10 })).toEqual({ code: "SURFACE_REFUSED" });
    expect(await heightOf(page)).toBe(80);
  });

  test("is fixed by the host when the host sets no limits", async ({ bridge }) => {
    const { frame } = await open(bridge);
    expect(await call(frame, "resize", { heightPx: 10 })).toEqual({ code: "SURFACE_REFUSED" });
  });

  test("grows and shrinks with the app's content until the app stops it", async ({
    bridge,
    page,
  }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await frame.evaluate(async () => {
      document.body.innerHTML = `<div style="height: 200px"></div>`;
      document.body.style.margin = "10px";
      const stop = window.breezeway.createUi(await window.bridge).autoResize();
      Object.assign(window, { stop });
    });
    await expect.poll(() => heightOf(page)).toBe(220);
    const setHeight = (height: string): Promise<void> =>
      frame.evaluate((value) => {
        document.body.querySelector("div")?.style.setProperty("height", value);
      }, height);
    await setHeight("300px");
    await expect.poll(() => heightOf(page)).toBe(320);
    await setHeight("100px");
    await expect.poll(() => heightOf(page)).toBe(120);
    await frame.evaluate(() => (window as unknown as { stop: () => void }).stop());
    await setHeight("250px");
    await frame.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    expect(await heightOf(page)).toBe(120);
  });

  const PAGES: readonly (readonly [what: string, html: string, height: number])[] = [
    ["margins that collapse through the body", `<p class="a"></p><p class="b"></p>`, 121],
    ["a float", `<div style="float: left; height: 400px; width: 9px"></div>`, 400],
    ["a menu that is positioned absolutely", `<p class="b"></p><ul class="menu"></ul>`, 330],
    ["a menu that leaves again", `<p class="b"></p>`, 80],
    ["a list that scrolls", `<div class="list"><div><ul class="menu"></ul></div></div>`, 90],
    ["a root of the frame's own height", `<style>html { height: 100% }</style><p></p>`, 80],
    ["a page of the frame's own height", `<div style="height: 100vh"></div>`, 80],
  ];

  test("is what the page needs, for each way to lay it out", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await frame.evaluate(async () => {
      const style = document.createElement("style");
      style.textContent = `body { margin: 0 } p { margin: 21px 0; block-size: 20px }
        .a { margin: 30px 0 } .menu { position: absolute; margin: 0; top: 30px; block-size: 300px }
        .list { position: relative; block-size: 90px; overflow: auto }`;
      document.head.append(style);
      window.breezeway.createUi(await window.bridge).autoResize();
    });
    for (const [what, html, height] of PAGES) {
      await frame.evaluate((content) => {
        document.body.innerHTML = content;
      }, html);
      await expect.poll(() => heightOf(page), what).toBe(height);
    }
  });

  test("grows once when the content is always higher than the frame", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await frame.evaluate(async () => {
      document.body.style.margin = "0";
      document.body.innerHTML = `<div style="height: calc(100vh + 10px)"></div>`;
      const bridge = await window.bridge;
      const asked: unknown[] = [];
      const call = bridge.method.call.bind(bridge.method);
      const method = Object.assign(Object.create(null) as object, {
        call: (name: "resize", size: { heightPx: number }) => {
          asked.push(size.heightPx);
          return call(name, size);
        },
      });
      Object.assign(window, { asked });
      window.breezeway
        .createUi({ context: bridge.context, method } as unknown as typeof bridge)
        .autoResize();
    });
    const asked = (): Promise<number[]> =>
      frame.evaluate(() => (window as unknown as { asked: number[] }).asked);
    await expect.poll(async () => (await asked()).length).toBe(1);
    await frame.evaluate(async () => {
      for (let count = 0; count < 20; count += 1) {
        // Measuring again must give the same height.
        document.body.style.width = `${50 + count}%`;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
    expect(await asked()).toHaveLength(1);
  });
});

test("the host can reopen an app at its reported path without a reload", async ({
  bridge,
  page,
}) => {
  await bridge.openHost();
  await page.evaluate(() => {
    window.setDefaultHost(window.host);
    document.body.innerHTML = `<breezeway-app app="orders"></breezeway-app>`;
    document.body.addEventListener("breezeway-path", (event) => {
      const { path } = (event as CustomEvent<{ path: string }>).detail;
      window.log.push(path);
      document.querySelector("breezeway-app")?.setAttribute("path", path);
    });
  });
  const frame = await guestIn(page, "iframe");
  await frame.evaluate(async () => {
    Object.assign(window, { isSame: true });
    const ui = window.breezeway.createUi(await window.bridge);
    history.pushState(null, "", "/orders/7?tab=lines#x");
    await ui.reportPath();
  });
  expect(await page.evaluate(() => window.log)).toEqual(["/orders/7?tab=lines#x"]);
  expect(await frame.evaluate(() => "isSame" in window)).toBe(true);
  await page.evaluate(() => document.querySelector("breezeway-app")?.setAttribute("path", "/o/8"));
  await expect
    .poll(async () => new URL((await guestIn(page, "iframe")).url()).pathname)
    .toBe("/o/8");
});
