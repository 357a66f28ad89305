/** Guests that misuse the host's surfaces. */
import { expect, test } from "../support/bridge.ts";
import { answer, ask, call, click, modalFrame, open, start } from "../support/surfaces.ts";

test.describe("a hostile guest", () => {
  test("can show only a few toasts of a flood, each with the app's name", async ({ bridge }) => {
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

  test("has its markup shown as text and its writing direction isolated", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    const markup = `<img src=x onerror="window.log.push('owned')"><b>x</b>`;
    await call(frame, "showToast", markup);
    await expect(page.getByRole("status", { name: "Notifications" })).toContainText(markup);
    await ask(opened, "confirm", {
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

  test("cannot hide a dialog behind its toasts, which wait until it is gone", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page } = opened;
    await ask(opened, "confirm", { title: "Sure?" });
    await expect(page.getByRole("alertdialog")).toBeVisible();
    const stock = await bridge.mount(page, { app: "stock" });
    await call(stock, "showToast", "Over here");
    await expect(page.getByText("Over here")).toHaveCount(0);
    await page.getByRole("button", { name: "OK" }).click();
    await expect(page.getByText("Over here")).toBeVisible();
  });

  test("cannot push its name or the buttons out of view with long texts", async ({
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

  test("cannot present its page in a dialog as the host's page", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page } = opened;
    await page.evaluate(() => {
      for (const type of ["breezeway-path", "breezeway-state"]) {
        document.addEventListener(type, () => window.log.push(type));
      }
    });
    await ask(opened, "openModal", "edit-orders");
    const inner = await modalFrame(page);
    expect(await call(inner, "reportPath", "/elsewhere")).toEqual({ value: undefined });
    expect(await page.evaluate(() => window.log)).toEqual([]);
  });

  test("can navigate only to paths", async ({ bridge }) => {
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

  test("is refused every surface when its app has no capabilities", async ({ bridge }) => {
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
