/** Questions that apps ask in a dialog of the host. */
import type { Page } from "@playwright/test";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";
import { pauseClock } from "../support/pause-clock.ts";
import { answer, ask, click, open, start, type Opened } from "../support/surfaces.ts";

test.describe("a question", () => {
  test("shows the app's name, returns the user's answer, and gives the focus back", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page, frame } = opened;
    for (const [button, value] of [
      ["Cancel it", true],
      ["Keep it", false],
    ] as const) {
      await ask(opened, "confirm", {
        title: "Cancel order 7?",
        text: "It cannot be undone.",
        confirmLabel: "Cancel it",
        cancelLabel: "Keep it",
        tone: "danger",
      });
      const dialog = page.getByRole("alertdialog", { name: "From Orders Cancel order 7?" });
      await expect(dialog).toContainText("It cannot be undone.");
      // The harmless button has the focus.
      await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
      await page.getByRole("button", { name: button }).click();
      expect(await answer(frame)).toEqual({ value });
      await expect(dialog).toHaveCount(0);
      await expect.poll(() => focused(page)).toBe("IFRAME");
    }
  });

  test("is answered with no by Escape", async ({ bridge }) => {
    const opened = await open(bridge);
    await ask(opened, "confirm", { title: "Sure?" });
    await expect(opened.page.getByRole("button", { name: "OK" })).toBeFocused();
    await opened.page.keyboard.press("Escape");
    expect(await answer(opened.frame)).toEqual({ value: false });
    await expect(opened.page.getByRole("alertdialog")).toHaveCount(0);
  });

  test("is refused without recent user activation", async ({ bridge: { platform }, page }) => {
    // Host and guest act without Playwright, because its evaluations count as user activation.
    const said = page.waitForEvent("console", (message) => message.text().startsWith("answers:"));
    await page.goto(`${platform.hostOrigin}/?unattended=${platform.guestOrigin}`);
    expect((await said).text()).toBe(
      "answers: ACTIVATION_MISSING ACTIVATION_MISSING ACTIVATION_MISSING",
    );
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
  });

  test("is refused to an app in the background when the user has clicked in another app", async ({
    bridge: { platform },
    page,
  }) => {
    // The test evaluates nothing in a frame before the end, because that counts as user activation.
    const said: string[] = [];
    // The host's page warns that it loads Lit's development build.
    page.on("console", (message) => message.type() === "warning" || said.push(message.text()));
    const { hostOrigin, guestOrigin, strangerOrigin } = platform;
    await page.goto(`${hostOrigin}/?clicked=${guestOrigin}&bystander=${strangerOrigin}`);
    await expect.poll(() => said).toEqual(["ready", "ready"]);
    await page.mouse.click(100, 100);
    await expect(page.getByRole("alertdialog", { name: "From clicked Mine?" })).toBeVisible();
    expect(said).toContain("answers: ACTIVATION_MISSING ACTIVATION_MISSING ACTIVATION_MISSING");
  });

  test("closes when its app's frame is removed, and the page is usable again", async ({
    bridge,
  }) => {
    const opened = await open(bridge);
    const { page } = opened;
    await ask(opened, "confirm", { title: "Sure?" });
    await expect(page.getByRole("alertdialog")).toBeVisible();
    await page.evaluate(() => window.mount.element.remove());
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
    const next = { page, frame: await bridge.mount(page, { app: "stock" }) };
    await click(next);
    await start(next.frame, "confirm", { title: "Next?" });
    await page.getByRole("button", { name: "OK" }).click();
    expect(await answer(next.frame)).toEqual({ value: true });
  });

  test("keeps the second click of a double click from the page and from the next question", async ({
    bridge,
    page,
  }) => {
    const opened = await openStill(bridge, page);
    await ask(opened, "confirm", { title: "First?" });
    await coverWithButton(page);
    await page.getByRole("button", { name: "OK" }).dblclick();
    expect(await answer(opened.frame)).toEqual({ value: true });
    await start(opened.frame, "confirm", { title: "Second?" });
    await page.mouse.click(...MIDDLE);
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
    expect(await page.evaluate(() => window.log)).toEqual([]);
    await page.clock.runFor(600);
    await expect(page.getByRole("alertdialog", { name: "From Orders Second?" })).toBeVisible();
    await page.keyboard.press("Escape");
    // The time in which late clicks are kept begins when the dialog has closed.
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
    await page.clock.runFor(600);
    await page.mouse.click(...MIDDLE);
    expect(await page.evaluate(() => window.log)).toEqual(["landed"]);
  });

  test("keeps late clicks and keys from the page when its app cancels it", async ({
    bridge,
    page,
  }) => {
    const { frame } = await openStill(bridge, page);
    await coverWithButton(page);
    await frame.evaluate(async () => {
      const { method } = await window.bridge;
      const caller = new AbortController();
      const options = window.breezeway.callOptions({ signal: caller.signal });
      method.call("confirm", { title: "Sure?" }, options).catch(() => undefined);
      Object.assign(window, { caller });
    });
    await expect(page.getByRole("button", { name: "OK" })).toBeFocused();
    await frame.evaluate(() => (window as unknown as { caller: AbortController }).caller.abort());
    await expect(page.getByRole("alertdialog")).toHaveCount(0);
    await page.mouse.click(...MIDDLE);
    for (const key of ["Enter", "Tab", "Space"]) await page.keyboard.press(key);
    await page.clock.runFor(500);
    expect(await page.evaluate(() => window.log)).toEqual([]);
    await page.clock.runFor(100);
    await expect.poll(() => focused(page)).toBe("BUTTON");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => window.log)).toEqual(["landed"]);
  });

  test("is answered once by a held key, which then has no effect on the page", async ({
    bridge,
    page,
  }) => {
    const { frame } = await openStill(bridge, page);
    await coverWithButton(page);
    await start(frame, "confirm", { title: "Sure?" });
    await expect(page.getByRole("button", { name: "OK" })).toBeFocused();
    for (let repeat = 0; repeat < 4; repeat += 1) {
      await page.keyboard.down("Enter");
      await page.clock.runFor(500);
    }
    await page.keyboard.up("Enter");
    expect(await answer(frame)).toEqual({ value: true });
    await page.clock.runFor(100);
    await expect.poll(() => focused(page)).toBe("BUTTON");
    expect(await page.evaluate(() => window.log)).toEqual([]);
  });
});

const MIDDLE = [680, 430] as const;

const focused = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.activeElement?.tagName);

/** A host with a paused clock. */
async function openStill(bridge: BridgeFixture, page: Page): Promise<Opened> {
  await page.clock.install();
  const opened = await open(bridge);
  await pauseClock(page);
  return opened;
}

/** A focused button of the host below every dialog. */
async function coverWithButton(page: Page): Promise<void> {
  await page.evaluate(() => {
    const button = document.createElement("button");
    button.style.cssText = "position: fixed; inset: 0";
    button.addEventListener("click", () => window.log.push("landed"));
    document.body.append(button);
    button.focus();
  });
}
