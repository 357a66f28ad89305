/** The size of an app's frame, and the app's path in the host. */
import type { Frame, Page } from "@playwright/test";
import { expect, test } from "../support/bridge.ts";
import { call, guestIn, open } from "../support/surfaces.ts";

const LAYOUTS = `
  body { margin: 0 }
  p { margin: 21px 0; block-size: 20px }
  .a { margin: 30px 0 }
  .b { margin: 21px 0 }
  .menu { position: absolute; margin: 0; top: 30px; block-size: 300px }
  .list { position: relative; block-size: 90px; overflow: auto }
  .free { position: static }
  .box { block-size: 100px }
  .moved { position: relative; top: 60px }
  .low { block-size: 10px }
  .rows { display: grid; grid-auto-rows: 190px }
  .up { margin: -60px 0 0 }
  .clip { block-size: 90px; overflow: clip }
  .bar { position: fixed; bottom: 0; block-size: 300px }`;
const EDGES = "html { padding: 7px } body { padding: 10px; border: 1px solid }";
const FULL = "html, body { height: 100% }";
const MIN = "body { min-height: 100vh }";
const SHADOW = `<div style="position: absolute; top: 10px; height: 200px"></div>`;
const FIELD = "display: block; box-sizing: border-box; height: 120px; margin: 0";

/** Waits until the frame has this height and its page has measured itself in it, and the host has answered. */
async function settled(frame: Frame, height: number): Promise<void> {
  await expect.poll(() => frame.evaluate(() => innerHeight)).toBe(height);
  await frame.evaluate(async () => {
    const { method } = await window.bridge;
    for (let count = 0; count < 2; count += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      // Calls are answered in order, so an answer to this one follows that to a resize.
      await method.call("resize", {}).catch(() => undefined);
    }
  });
}

/** Adds the styles of the tables to the page, and lets the app resize its frame. */
const startResizing = (frame: Frame): Promise<unknown> =>
  frame.evaluate(async (css) => {
    const style = document.createElement("style");
    style.textContent = css;
    document.head.append(style);
    window.breezeway.createUi(await window.bridge).autoResize();
  }, LAYOUTS);

/** Lets the app resize its frame. The result reads the heights that it has asked for. */
async function recordResizing(frame: Frame): Promise<() => Promise<number[]>> {
  const asked = await frame.evaluateHandle(async () => {
    const bridge = await window.bridge;
    const heights: number[] = [];
    const call = bridge.method.call.bind(bridge.method);
    const method = Object.assign(Object.create(null) as object, {
      call: (name: "resize", size: { heightPx: number }) => {
        heights.push(size.heightPx);
        return call(name, size);
      },
    });
    window.breezeway
      .createUi({ context: bridge.context, method } as unknown as typeof bridge)
      .autoResize();
    return heights;
  });
  return () => asked.jsonValue();
}

test.describe("the size of a frame", () => {
  const mountSized = async (page: Page, path = ""): Promise<Frame> => {
    await page.evaluate((at) => {
      window.setDefaultHost(window.host);
      document.body.innerHTML = `<breezeway-app app="orders" path="${at}" min-height-px="80" max-height-px="500"></breezeway-app>`;
    }, path);
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

  // Each page follows one of another height, so a height that is not measured again shows.
  const PAGES: readonly (readonly [what: string, html: string, height: number])[] = [
    ["margins that collapse through the body", `<p class="a"></p><p class="b"></p>`, 121],
    ["a float", `<div style="float: left; height: 400px; width: 9px"></div>`, 400],
    ["a menu that is positioned absolutely", `<p class="b"></p><ul class="menu"></ul>`, 330],
    ["a menu that leaves again", `<p class="b"></p>`, 80],
    ["a list that scrolls", `<div class="list"><div><ul class="menu"></ul></div></div>`, 90],
    [
      "a menu that the list around it does not clip",
      `<div class="free list"><ul class="menu">`,
      330,
    ],
    ["a root of the frame's own height", `<style>html { height: 100% }</style><p></p>`, 80],
    ["a page of the frame's own height", `<div style="height: 100vh"></div>`, 80],
    ["an element that is moved by its position", `<div class="moved box"></div>`, 160],
    ["an element that is moved by a transform", `<div class="box" style="translate: 0 70px">`, 170],
    ["an element that is scaled", `<div class="box" style="scale: 2; transform-origin: 0 0">`, 200],
    ["an element that is zoomed", `<div class="box" style="zoom: 1.5"></div>`, 150],
    ["content that is higher than its box", `<div class="low"><div class="box"></div></div>`, 100],
    ["text that is higher than its box", `<div class="low" style="line-height: 60px">a<br>b`, 120],
    ["a flex box that is too low", `<div class="low" style="display: flex"><i class="box">a`, 100],
    [
      "a grid that is too low",
      `<div class="low" style="display: grid; grid-auto-rows: 190px">`,
      80,
    ],
    ["a row of a grid that is too low", `<div class="low rows"><i></i></div>`, 190],
    [
      "columns",
      `<div style="columns: 2"><div class="box"></div><div class="box"></div></div>`,
      100,
    ],
    ["an element with a negative margin", `<div class="box"></div><p class="up"></p>`, 100],
    ["a menu above an element that clips", `<div class="clip"><div class="box"></div></div>`, 90],
    ["a root with margins", `<style>html { margin: 15px }</style><div class="box"></div>`, 130],
    ["a root and a body with padding and borders", `<style>${EDGES}</style><div class="box">`, 136],
    ["a body of the frame's own height", `<style>${FULL}</style><div class="box"></div>`, 100],
    ["the same with more content", `<style>${FULL}</style><p class="b"></p><p class="box">`, 183],
    ["the same with less content", `<style>${FULL}</style><div class="box"></div>`, 100],
    [
      "a body that is at least as high as the frame",
      `<style>${MIN}</style><p class="box"></p>`,
      142,
    ],
    ["the same with less content again", `<style>${MIN}</style><div class="box"></div>`, 100],
    ["a bar that is fixed to the frame", `<div class="bar"></div><div class="box"></div>`, 100],
    [
      "a menu in a shadow tree",
      `<div><template shadowrootmode="open">${SHADOW}</template></div>`,
      210,
    ],
    ["an element that is not displayed", `<div class="box" style="display: none"></div>`, 80],
    ["an image", `<img style="display: block; height: 123px">`, 123],
    ["a table", `<table style="border-spacing: 0; height: 111px"><td></td></table>`, 111],
    ["a text field of six lines", `<textarea rows="6" style="${FIELD}"></textarea>`, 120],
    [
      "open details",
      `<details open><summary class="box"></summary><p class="b"></p></details>`,
      162,
    ],
  ];

  test("is what the page needs, for each way to lay it out", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await startResizing(frame);
    const show = (html: string): Promise<void> =>
      frame.evaluate((content) => document.body.setHTMLUnsafe(content), html);
    for (const [what, html, height] of PAGES) {
      await show(html);
      await expect.poll(() => heightOf(page), what).toBe(height);
      // A height that is wrong once the frame has it would change again.
      await settled(frame, height);
      expect(await heightOf(page), what).toBe(height);
    }
  });

  test("is asked for once when a page in a higher frame has a root with margins", async ({
    bridge,
    page,
  }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    const show = (rootMargin: string, height: number): Promise<void> =>
      frame.evaluate(
        ([margin, px]) => {
          document.documentElement.style.margin = margin;
          document.body.style.margin = "0";
          document.body.innerHTML = `<div style="height: ${px}px"></div>`;
        },
        [rootMargin, height] as const,
      );
    await show("0", 300);
    const asked = await recordResizing(frame);
    await expect.poll(asked).toEqual([300]);
    await settled(frame, 300);
    await show("15px 0", 100);
    await settled(frame, 130);
    expect(await asked()).toEqual([300, 130]);
  });

  test("is what a page without a doctype needs", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page, "?quirks");
    await startResizing(frame);
    expect(await frame.evaluate(() => document.compatMode)).toBe("BackCompat");
    for (const height of [300, 120, 400, 100]) {
      await frame.evaluate((px) => {
        document.body.innerHTML = `<div class="low"><div style="height: ${px}px"></div></div>`;
      }, height);
      await expect.poll(() => heightOf(page)).toBe(height);
      await settled(frame, height);
      expect(await heightOf(page)).toBe(height);
    }
  });

  const CHANGES: readonly (readonly [what: string, css: string, act: (at: Frame) => unknown])[] = [
    ["the pointer is over", ".at:hover + .menu", (at) => at.locator(".at").hover()],
    ["the focus is on", ".at:focus + .menu", (at) => at.locator(".at").focus()],
    ["a check mark shows", ".at:checked + .menu", (at) => at.locator(".at").check()],
    [
      "a transition shows",
      ".open + .menu",
      (at) => at.locator(".at").evaluate(({ classList }) => classList.add("open")),
    ],
  ];

  test("follows a menu that appears without a change of the document", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await startResizing(frame);
    for (const [what, selector, act] of CHANGES) {
      const delay = what.startsWith("a transition") ? "transition: block-size 50ms 30ms" : "";
      await frame.evaluate(
        (html) => (document.body.innerHTML = html),
        [
          `<style>.menu { block-size: 9px; ${delay} } ${selector} { block-size: 200px }</style>`,
          `<input class="at" type="checkbox"><div class="menu"></div>`,
        ].join(""),
      );
      await expect.poll(() => heightOf(page), what).toBe(80);
      await settled(frame, 80);
      await act(frame);
      await expect.poll(() => heightOf(page), what).toBe(230);
      await settled(frame, 230);
      await page.mouse.move(0, 0);
    }
  });

  test("follows content that goes on growing while the frame does", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await startResizing(frame);
    for (let round = 0; round < 10; round += 1) {
      const height = await frame.evaluate(async (start) => {
        document.body.innerHTML = `<div></div>`;
        let grown = start;
        for (let step = 0; step < 12; step += 1) {
          grown += 7;
          document.body.querySelector("div")?.style.setProperty("height", `${grown}px`);
          // Another task, as each message of a stream is.
          await new Promise((resolve) => setTimeout(resolve));
        }
        return grown;
      }, 100 + round);
      await expect.poll(() => heightOf(page)).toBe(height);
    }
  });

  test("grows once when the content is always higher than the frame", async ({ bridge, page }) => {
    await bridge.openHost();
    const frame = await mountSized(page);
    await frame.evaluate(() => {
      document.body.style.margin = "0";
      document.body.innerHTML = `<div style="height: calc(100vh + 10px)"></div>`;
    });
    const asked = await recordResizing(frame);
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
