/** What apps ask of the page around them, in a browser: the ready-made surfaces, and hostile guests. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Frame, Page } from "@playwright/test";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";

const RIGHTS = ["navigation:write", "toasts:show", "dialogs:show"];

interface Opened {
  readonly page: Page;
  readonly frame: Frame;
}

async function open(
  bridge: BridgeFixture,
  { capabilities = RIGHTS, app = "orders" } = {},
): Promise<Opened> {
  const page = await bridge.openHost({ hasSurfaces: true, capabilities });
  return { page, frame: await bridge.mount(page, { app }) };
}

/** A person clicks in the frame: without that, no dialog. */
async function click({ page, frame }: Opened): Promise<void> {
  const box = await (await frame.frameElement()).boundingBox();
  if (box) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

/** Calls a method of the host, and leaves what comes of it in `window.answer`. */
async function start(frame: Frame, method: string, ...args: readonly unknown[]): Promise<void> {
  await frame.evaluate(
    async ([name, given]) => {
      const { method: methods } = await window.bridge;
      Object.assign(window, {
        answer: methods.call(name, ...given).then(
          (value) => ({ value }),
          ({ code }) => ({ code }),
        ),
      });
    },
    [method, args] as const,
  );
}

const answer = (frame: Frame): Promise<unknown> =>
  frame.evaluate(() => (window as { answer?: unknown }).answer);

async function call(frame: Frame, method: string, ...args: readonly unknown[]): Promise<unknown> {
  await start(frame, method, ...args);
  return answer(frame);
}

const modalFrame = async (page: Page): Promise<Frame> => {
  const element = await page.locator("dialog iframe").elementHandle();
  const frame = await element?.contentFrame();
  if (!frame) throw new Error("the dialog shows no frame");
  await frame.waitForFunction(() => "breezeway" in window);
  await frame.evaluate(() => window.bridge);
  return frame;
};

test.describe("a question", () => {
  test("is answered by the person, in the app's name, and the focus goes back", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    for (const [button, value] of [
      ["Cancel it", true],
      ["Keep it", false],
    ] as const) {
      await click(opened);
      await start(frame, "confirm", {
        title: "Cancel order 7?",
        text: "It cannot be undone.",
        confirmLabel: "Cancel it",
        cancelLabel: "Keep it",
        tone: "danger",
      });
      const dialog = page.getByRole("alertdialog", { name: "From Orders Cancel order 7?" });
      await expect(dialog).toContainText("It cannot be undone.");
      // What does no harm has the focus.
      await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
      await page.getByRole("button", { name: button }).click();
      expect(await answer(frame)).toEqual({ value });
      await expect(dialog).toHaveCount(0);
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("IFRAME");
    }
  });

  test("is answered with no by Escape", async ({ bridge }) => {
    const opened = await open(bridge);
    await click(opened);
    await start(opened.frame, "confirm", { title: "Sure?" });
    await expect(opened.page.getByRole("button", { name: "OK" })).toBeFocused();
    await opened.page.keyboard.press("Escape");
    expect(await answer(opened.frame)).toEqual({ value: false });
    await expect(opened.page.getByRole("alertdialog")).toHaveCount(0);
  });

  test("is not asked unless the person has just done something in the page", async ({
    bridge: { platform },
    page,
  }) => {
    // Host and guest act by themselves: what Playwright evaluates counts as a person's doing.
    const said = page.waitForEvent("console", (message) => message.text().startsWith("answers:"));
    await page.goto(`${platform.hostOrigin}/?unattended=${platform.guestOrigin}`);
    expect((await said).text()).toBe(
      "answers: ACTIVATION_MISSING ACTIVATION_MISSING ACTIVATION_MISSING",
    );
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
  });

  test("is not asked by an app in the background when the person has clicked in another one", async ({
    bridge: { platform },
    page,
  }) => {
    // Nothing is evaluated in a frame before the end: that would be a person's doing, too.
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    const { hostOrigin, guestOrigin, strangerOrigin } = platform;
    await page.goto(`${hostOrigin}/?clicked=${guestOrigin}&bystander=${strangerOrigin}`);
    await expect.poll(() => said).toEqual(["ready", "ready"]);
    await page.mouse.click(100, 100);
    await expect(page.getByRole("alertdialog", { name: "From clicked Mine?" })).toBeVisible();
    expect(said).toContain("answers: ACTIVATION_MISSING ACTIVATION_MISSING ACTIVATION_MISSING");
  });

  test("is gone when its app's frame is, and the page can be used again", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    await start(frame, "confirm", { title: "Sure?" });
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await page.evaluate(() => window.mount.element.remove());
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
    const next = { page, frame: await bridge.mount(page, { app: "stock" }) };
    await click(next);
    await start(next.frame, "confirm", { title: "Next?" });
    await page.getByRole("button", { name: "OK" }).click();
    expect(await answer(next.frame)).toEqual({ value: true });
  });
});

test("surfaces that are taken out of the page leave nothing behind, and throw nothing", async ({
  bridge,
}) => {
  const opened = await open(bridge);
  const { page, frame } = opened;
  const thrown: Error[] = [];
  page.on("pageerror", (error) => thrown.push(error));
  await call(frame, "showToast", "Hello");
  await click(opened);
  await start(frame, "openModal", "edit-orders");
  await modalFrame(page);
  await page.evaluate(async () => {
    const ui = document.querySelector("breezeway-ui");
    ui?.remove();
    await ui?.updateComplete;
    Object.assign(window, { ui });
  });
  expect(await answer(frame)).toEqual({ value: undefined });
  expect(await call(frame, "confirm", { title: "Sure?" })).toEqual({ code: "SURFACE_REFUSED" });
  await expect.poll(() => page.frames().length).toBe(2);
  await page.evaluate(async () => {
    const { ui } = window as unknown as { ui: HTMLElementTagNameMap["breezeway-ui"] };
    document.body.append(ui);
    await ui.updateComplete;
  });
  await expect(page.getByText("Hello")).toHaveCount(0);
  await call(frame, "showToast", "Again");
  await expect(page.getByText("Again")).toBeVisible();
  expect(thrown).toEqual([]);
});

test.describe("a page of the app in a dialog", () => {
  test("has its data, takes the focus, and settles the opener with its result", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    await start(frame, "openModal", "edit-orders", { data: { id: 7 } });
    const dialog = page.getByRole("dialog", { name: "Edit Orders From Orders" });
    await expect(dialog).toBeVisible();
    const inner = await modalFrame(page);
    expect(new URL(inner.url()).search).toBe("?modal");
    expect(
      await inner.evaluate(async () => window.breezeway.createUi(await window.bridge).modal),
    ).toEqual({ name: "edit-orders", data: { id: 7 } });
    await expect.poll(() => inner.evaluate(() => document.hasFocus())).toBe(true);
    await inner.evaluate(async () => {
      void window.breezeway.createUi(await window.bridge).closeModal({ saved: true });
    });
    expect(await answer(frame)).toEqual({ value: { saved: true } });
    await expect(dialog).toHaveCount(0);
    expect(page.frames()).toHaveLength(2);
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("IFRAME");
  });

  test("is closed by its button, and by Escape in the frame too", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    await start(frame, "openModal", "edit-orders");
    await page.getByRole("button", { name: "Close" }).click();
    expect(await answer(frame)).toEqual({ value: undefined });

    await start(frame, "openModal", "edit-orders");
    const inner = await modalFrame(page);
    await inner.evaluate(async () => void window.breezeway.createUi(await window.bridge));
    await expect.poll(() => inner.evaluate(() => document.hasFocus())).toBe(true);
    await page.keyboard.press("Escape");
    expect(await answer(frame)).toEqual({ value: undefined });
    await expect(page.getByRole("dialog")).toHaveCount(0);
  });

  test("goes with its opener", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    await start(frame, "openModal", "edit-orders");
    await modalFrame(page);
    await frame.evaluate(() => location.reload());
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect.poll(() => page.evaluate(() => window.host.mounts.length)).toBe(1);
  });

  test("is the app's own: another app's is refused, and so is closing it from elsewhere", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    const stock = { page, frame: await bridge.mount(page, { app: "stock" }) };
    await click(stock);
    expect(await call(stock.frame, "openModal", "edit-orders")).toEqual({
      code: "SURFACE_REFUSED",
    });
    await start(frame, "openModal", "edit-orders");
    await modalFrame(page);
    expect(await call(stock.frame, "closeModal", "mine")).toEqual({ code: "SURFACE_REFUSED" });
    expect(await call(stock.frame, "confirm", { title: "Mine?" })).toEqual({
      code: "CALL_LIMIT_EXCEEDED",
    });
    await expect(page.getByRole("dialog")).toBeVisible();
  });
});

test.describe("a hostile guest", () => {
  test("gets a few toasts of a flood, each in its name", async ({ bridge }) => {
    const { page, frame } = await open(bridge);
    const codes = await frame.evaluate(async () => {
      const { method } = await window.bridge;
      const calls = Array.from({ length: 200 }, (_, index) =>
        method.call("showToast", `Toast ${index}`).then(
          () => "shown",
          ({ code }) => code as string,
        ),
      );
      return Promise.all(calls);
    });
    expect(codes.filter((code) => code === "shown")).toHaveLength(3);
    expect(new Set(codes)).toEqual(new Set(["shown", "CALL_LIMIT_EXCEEDED"]));
    const region = page.getByRole("status", { name: "Notifications" });
    await expect(region.getByText("From Orders")).toHaveCount(3);
  });

  test("gets its markup shown as text, and its writing direction kept to itself", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    const markup = `<img src=x onerror="window.log.push('owned')"><b>x</b>`;
    await call(frame, "showToast", markup);
    await expect(page.getByRole("status", { name: "Notifications" })).toContainText(markup);
    await click(opened);
    await start(frame, "confirm", {
      title: markup,
      text: "\u202Egnp.exe",
      confirmLabel: "<i>1</i>",
    });
    const dialog = page.getByRole("alertdialog");
    await expect(dialog.getByRole("heading")).toHaveText(markup);
    await expect(page.getByRole("button", { name: "<i>1</i>" })).toBeVisible();
    await expect(dialog.locator("bdi")).toHaveCount(5);
    expect(await dialog.locator("img, b, i").count()).toBe(0);
    expect(await page.evaluate(() => window.log)).toEqual([]);
  });

  test("hides no dialog behind its toasts: they wait until it is gone", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    await start(frame, "confirm", { title: "Sure?" });
    await expect(page.getByRole("alertdialog")).toBeVisible();
    const stock = await bridge.mount(page, { app: "stock" });
    await call(stock, "showToast", "Over here");
    await expect(page.getByText("Over here")).toHaveCount(0);
    await page.getByRole("button", { name: "OK" }).click();
    await expect(page.getByText("Over here")).toBeVisible();
  });

  test("moves neither its name nor the buttons out of sight, however long its texts are", async ({
    bridge,
    page,
  }) => {
    await page.setViewportSize({ width: 360, height: 500 });
    const opened = await open(bridge);
    const { frame } = opened;
    const heightOf = async (part: string): Promise<number> =>
      (await page.locator(`breezeway-ui [part=${part}]`).boundingBox())?.height ?? Infinity;
    await call(frame, "showToast", `x${"\n".repeat(100)}${"\ufdfd".repeat(90)}`);
    expect(await heightOf("toast")).toBeLessThan(180);
    await click(opened);
    for (const text of ["\n".repeat(590), "\ufdfd".repeat(590), `x${"\u030a".repeat(590)}`]) {
      await start(frame, "confirm", {
        title: `x${"\n".repeat(50)}${"\ufdfd".repeat(60)}`,
        text: `x${text}x`,
        confirmLabel: `x${"\ufdfd".repeat(29)}`,
        cancelLabel: `No${"\n".repeat(28)}`,
      });
      const dialog = page.getByRole("alertdialog");
      await expect(dialog.locator("[autofocus]")).toBeFocused();
      for (const seen of [
        dialog.getByText("From Orders"),
        dialog.locator("[part='button primary']"),
        dialog.getByRole("button", { name: "No", exact: true }),
      ]) {
        await expect(seen).toBeInViewport({ ratio: 1 });
      }
      await dialog.getByRole("button", { name: "No", exact: true }).click();
      await answer(frame);
    }
  });

  test("cannot pass the page in its dialog for the one that is outside", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await page.evaluate(() => {
      for (const type of ["breezeway-path", "breezeway-state"]) {
        document.addEventListener(type, () => window.log.push(type));
      }
    });
    await click(opened);
    await start(frame, "openModal", "edit-orders");
    const inner = await modalFrame(page);
    expect(await call(inner, "reportPath", "/elsewhere")).toEqual({ value: undefined });
    expect(await page.evaluate(() => window.log)).toEqual([]);
  });

  test("goes nowhere but to paths", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await click(opened);
    for (const target of [
      "javascript:window.log.push('owned')",
      "//evil.example/",
      "/.//evil.example/",
      "/\\evil.example/",
      "https://evil.example/",
      { path: "//evil.example/" },
      { app: "orders", path: "javascript:1" },
    ]) {
      expect(await call(frame, "navigate", target)).toEqual({ code: "CALL_ARGUMENTS_INVALID" });
    }
    expect(await call(frame, "navigate", { app: "stock" })).toEqual({ code: "CAPABILITY_MISSING" });
    await call(frame, "navigate", "/customers/7?tab=1");
    await call(frame, "navigate", { path: "/o-7" });
    expect(await page.evaluate(() => window.log)).toMatchObject([
      { from: "orders", to: "host", path: "/customers/7?tab=1" },
      { from: "orders", to: "app", path: "/o-7", app: { id: "orders" } },
    ]);
  });

  test("without capabilities gets none of it", async ({ bridge }) => {
    const opened = await open(bridge, { capabilities: [] });
    const { page, frame } = opened;
    await click(opened);
    for (const [method, argument] of [
      ["showToast", "Hello"],
      ["confirm", { title: "Sure?" }],
      ["openModal", "edit-orders"],
      ["navigate", "/x"],
    ] as const) {
      expect(await call(frame, method, argument)).toEqual({ code: "CAPABILITY_MISSING" });
    }
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
  });
});

test.describe("the size of a frame", () => {
  const mountSized = async (page: Page): Promise<Frame> => {
    await page.evaluate(() => {
      window.setDefaultHost(window.host);
      document.body.innerHTML = `<breezeway-app app="orders" min-height-px="80" max-height-px="500"></breezeway-app>`;
    });
    const element = await page.locator("breezeway-app iframe").elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error("no frame");
    await frame.waitForFunction(() => "breezeway" in window);
    await frame.evaluate(() => window.bridge);
    return frame;
  };
  const heightOf = (page: Page): Promise<number | undefined> =>
    page.locator("breezeway-app").evaluate((element) => element.clientHeight);

  test("is the app's to choose within the host's limits", async ({ bridge, page }) => {
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

  test("is the host's where the host sets no limits", async ({ bridge }) => {
    const { frame } = await open(bridge);
    expect(await call(frame, "resize", { heightPx: 10 })).toEqual({ code: "SURFACE_REFUSED" });
  });

  test("follows the app's content, up and down, and stops when told to", async ({
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

  test("does not run away with content that is higher than the frame, whatever its height", async ({
    bridge,
    page,
  }) => {
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
    await expect.poll(async () => (await asked()).length).toBe(3);
    await frame.evaluate(async () => {
      for (let count = 0; count < 20; count += 1) {
        // Measured again, with nothing else: what was too much once stays so.
        document.body.style.width = `${50 + count}%`;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
    expect(await asked()).toHaveLength(3);
  });
});

test("an app that tells where it is can be opened there again, and is not loaded anew for it", async ({
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
  const inFrame = async (): Promise<Frame> => {
    const element = await page.locator("iframe").elementHandle();
    const frame = await element?.contentFrame();
    if (!frame) throw new Error("no frame");
    await frame.waitForFunction(() => "breezeway" in window);
    return frame;
  };
  const frame = await inFrame();
  await frame.evaluate(async () => {
    Object.assign(window, { isSame: true });
    const ui = window.breezeway.createUi(await window.bridge);
    history.pushState(null, "", "/orders/7?tab=lines#x");
    await ui.reportPath();
  });
  expect(await page.evaluate(() => window.log)).toEqual(["/orders/7?tab=lines#x"]);
  expect(await frame.evaluate(() => "isSame" in window)).toBe(true);
  await page.evaluate(() => document.querySelector("breezeway-app")?.setAttribute("path", "/o/8"));
  await expect.poll(async () => new URL((await inFrame()).url()).pathname).toBe("/o/8");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`toasts and dialogs have no accessibility fault, ${colorScheme}`, async ({
    bridge,
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 360, height: 640 });
    const opened = await open(bridge);
    const { frame } = opened;
    await page.evaluate(() => {
      document.documentElement.lang = "en";
      document.documentElement.style.colorScheme = "light dark";
    });
    for (const tone of ["info", "success", "error"]) {
      await call(frame, "showToast", `A ${tone}`, { tone });
    }
    const faults = async (): Promise<unknown> => {
      const { violations } = await new AxeBuilder({ page })
        .include("breezeway-ui")
        // The app's page in the dialog is empty.
        .disableRules(["landmark-one-main", "page-has-heading-one"])
        .analyze();
      return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
    };
    await expect(page.getByText("A error")).toBeVisible();
    expect(await faults()).toEqual([]);
    await click(opened);
    for (const tone of ["normal", "danger"]) {
      await start(frame, "confirm", { title: "Sure?", text: "Quite?", tone });
      await expect(page.getByRole("alertdialog")).toBeVisible();
      expect(await faults()).toEqual([]);
      await page.getByRole("button", { name: "Cancel" }).click();
    }
    await start(frame, "openModal", "edit-orders");
    await modalFrame(page);
    expect(await faults()).toEqual([]);
  });
}
