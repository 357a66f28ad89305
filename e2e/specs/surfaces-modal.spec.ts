/** Pages that apps open in a dialog of the host. */
import { expect, test } from "../support/bridge.ts";
import { answer, ask, call, click, modalFrame, open, start } from "../support/surfaces.ts";

test.describe("a page of the app in a dialog", () => {
  test("receives its data, takes the focus, and returns its result to the opener", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await ask(opened, "openModal", "edit-orders", { data: { id: 7 } });
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
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("IFRAME");
  });

  test("closes by its button, and by Escape even in the frame", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await ask(opened, "openModal", "edit-orders");
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

  test("closes when its opener reloads", async ({ bridge }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    await ask(opened, "openModal", "edit-orders");
    await modalFrame(page);
    await frame.evaluate(() => location.reload());
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect.poll(() => page.evaluate(() => window.host.mounts.length)).toBe(1);
  });

  test("is refused when it belongs to another app, and cannot be closed from another page", async ({
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

test("surfaces removed from the page leave no elements and throw no errors", async ({ bridge }) => {
  const opened = await open(bridge);
  const { page, frame } = opened;
  const thrown: Error[] = [];
  page.on("pageerror", (error) => thrown.push(error));
  await call(frame, "showToast", "Hello");
  await ask(opened, "openModal", "edit-orders");
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
