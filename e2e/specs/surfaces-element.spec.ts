/** `<breezeway-ui>` alone, driven by the host's page with a paused clock. */
import type { Page } from "@playwright/test";
import type { PageUi } from "@breezeway/host/element";
import { expect, test as base } from "../support/bridge.ts";

interface Driven {
  readonly ui: PageUi;
  readonly other: PageUi;
  /** The outcome of each question, by its title. */
  readonly answers: Record<string, unknown>;
  /** Asks a question that `withdraw` can cancel. */
  ask(title: string, more?: object): void;
  withdraw(title: string): void;
  toast(by: "ui" | "other", text: string): void;
}

declare global {
  interface Window {
    driven: Driven;
  }
}

const COVER_MS = 600;

const test = base.extend<{ ui: Page }>({
  async ui({ bridge: { platform }, page }, use) {
    await page.clock.install();
    await page.goto(platform.hostOrigin);
    await page.waitForFunction(() => "breezeway" in window);
    await page.evaluate(() => {
      const app = window.breezeway.createHost({
        issuerUrl: "/auth",
        apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" }],
      }).apps.all[0];
      if (!app) throw new Error("Expected the host to have the app.");
      const labels = { confirm: "Ja", toasts: "Mitteilungen" };
      const callers: Record<string, AbortController> = {};
      const driven: Driven = {
        ui: window.createHostUi({ labels }),
        other: window.createHostUi(),
        answers: {},
        ask(title, more = {}) {
          const caller = (callers[title] = new AbortController());
          driven.answers[title] = "open";
          driven.ui.element
            .confirm({ app, title, tone: "normal", signal: caller.signal, ...more })
            .then((answer) => (driven.answers[title] = answer))
            .catch(({ code }: { readonly code: string }) => (driven.answers[title] = code));
        },
        withdraw: (title) => callers[title]?.abort(),
        toast: (by, text) => driven[by].showToast({ app, text, tone: "info" }),
      };
      window.driven = driven;
    });
    await page.clock.pauseAt(Date.now() + 1_000);
    await use(page);
  },
});

const ask = (page: Page, title: string, more: object = {}): Promise<void> =>
  page.evaluate(([text, rest]) => window.driven.ask(text, rest), [title, more] as const);

const answers = (page: Page): Promise<Record<string, unknown>> =>
  page.evaluate(() => window.driven.answers);

/** The cover starts with the answer, which arrives one task after a key that the browser handles. */
const answered = (page: Page, expected: Record<string, unknown>): Promise<void> =>
  expect.poll(() => answers(page)).toMatchObject(expected);

test("a question has an accessible name and description, without the initial beside the app's name", async ({
  ui,
}) => {
  await ask(ui, "Sure?", { text: "It cannot be undone." });
  const dialog = ui.getByRole("alertdialog");
  await expect(dialog).toHaveAccessibleName("From Orders Sure?");
  await expect(dialog).toHaveAccessibleDescription("It cannot be undone.");
  await ui.keyboard.press("Enter");
  await answered(ui, { "Sure?": true });
  await ui.clock.runFor(COVER_MS);
  await ask(ui, "Really?");
  await expect(dialog).toHaveAccessibleName("From Orders Really?");
  await expect(dialog).toHaveAccessibleDescription("");
});

test("labels come from the host, and missing ones are in English", async ({ ui }) => {
  await ask(ui, "Sure?");
  await expect(ui.getByRole("button", { name: "Ja", exact: true })).toBeFocused();
  await expect(ui.getByRole("button", { name: "Cancel", exact: true })).toBeVisible();
  await ui.keyboard.press("Escape");
  await answered(ui, { "Sure?": false });
  await ui.clock.runFor(COVER_MS);
  await ui.evaluate(() => window.driven.toast("ui", "Saved"));
  const region = ui.getByRole("status", { name: "Mitteilungen" });
  await expect(region.getByRole("button", { name: "Dismiss", exact: true })).toBeVisible();
});

test("toasts of every element on the page wait until one element's dialog and its cover are gone", async ({
  ui,
}) => {
  await ui.evaluate(() => window.driven.toast("other", "Before"));
  await ask(ui, "Sure?");
  await expect(ui.getByRole("alertdialog")).toBeVisible();
  await ui.evaluate(() => window.driven.toast("other", "Meanwhile"));
  await ui.clock.runFor(60_000);
  await expect(ui.getByText("Before")).toBeAttached();
  await expect(ui.getByText("Meanwhile")).not.toBeAttached();
  await ui.keyboard.press("Enter");
  await answered(ui, { "Sure?": true });
  await ui.clock.runFor(COVER_MS - 1);
  await expect(ui.getByText("Meanwhile")).not.toBeAttached();
  await ui.clock.runFor(1);
  await expect(ui.getByText("Meanwhile")).toBeVisible();
});

test("a closed dialog covers the page for its full time, whatever asks it to close", async ({
  ui,
}) => {
  const cancelled = (): Promise<boolean | undefined> =>
    ui.evaluate(() => {
      const dialog = window.driven.ui.element.shadowRoot?.querySelector("dialog");
      // A phone's back gesture closes a dialog this way, which no key handler receives.
      return dialog?.dispatchEvent(new Event("cancel", { cancelable: true })) === false;
    });
  const isModal = (): Promise<boolean | undefined> =>
    ui.evaluate(() => window.driven.ui.element.shadowRoot?.querySelector(":modal") !== null);
  await ask(ui, "Sure?");
  await expect(ui.getByRole("alertdialog")).toBeVisible();
  expect(await cancelled()).toBe(false);
  await ui.keyboard.press("Enter");
  await expect.poll(() => answers(ui)).toEqual({ "Sure?": true });
  await expect.poll(cancelled).toBe(true);
  await ui.keyboard.press("Escape");
  await ui.clock.runFor(COVER_MS - 1);
  expect(await isModal()).toBe(true);
  await ui.clock.runFor(1);
  await expect.poll(isModal).toBe(false);
});

test("one question opens after the cover, and never one that was cancelled", async ({ ui }) => {
  await ask(ui, "First?");
  await expect(ui.getByRole("alertdialog")).toBeVisible();
  await ask(ui, "Beside?");
  await ui.keyboard.press("Enter");
  await answered(ui, { "First?": true });
  await ask(ui, "Second?");
  await ask(ui, "Third?");
  await ui.evaluate(() => window.driven.withdraw("Second?"));
  await ui.clock.runFor(COVER_MS);
  await expect
    .poll(() => answers(ui))
    .toEqual({
      "First?": true,
      "Beside?": "CALL_LIMIT_EXCEEDED",
      "Second?": false,
      "Third?": "CALL_LIMIT_EXCEEDED",
    });
  await expect(ui.getByRole("alertdialog")).toHaveCount(0);
  await ask(ui, "Fourth?");
  await expect(ui.getByRole("alertdialog")).toHaveAccessibleName("From Orders Fourth?");
});

test("a question is answered with no when its element is removed, whether it waits or is open", async ({
  ui,
}) => {
  await ask(ui, "First?");
  await expect(ui.getByRole("alertdialog")).toBeVisible();
  await ui.keyboard.press("Enter");
  await answered(ui, { "First?": true });
  await ask(ui, "Second?");
  await ui.evaluate(() => window.driven.ui.element.remove());
  await ui.clock.runFor(COVER_MS);
  await answered(ui, { "Second?": false });
  await ask(ui, "Third?");
  await answered(ui, { "Third?": "SURFACE_REFUSED" });
  await ui.evaluate(() => document.body.append(window.driven.ui.element));
  await ask(ui, "Fourth?");
  await expect(ui.getByRole("alertdialog")).toBeVisible();
  await ui.evaluate(() => window.driven.ui.element.remove());
  await answered(ui, { "Fourth?": false });
});

test("the page's listeners receive no keys while it is covered, and all keys afterwards", async ({
  ui,
}) => {
  await ui.evaluate(() => {
    const keys: string[] = [];
    Object.assign(window, { keys });
    document.addEventListener("keydown", ({ key }) => keys.push(key), true);
  });
  const keys = (): Promise<unknown> => ui.evaluate(() => (window as { keys?: unknown }).keys);
  await ask(ui, "Sure?");
  await expect(ui.getByRole("button", { name: "Ja" })).toBeFocused();
  await ui.getByRole("button", { name: "Ja" }).click();
  for (const key of ["a", "Enter", "Escape"]) await ui.keyboard.press(key);
  await ui.clock.runFor(COVER_MS);
  expect(await keys()).toEqual([]);
  await ui.keyboard.press("b");
  expect(await keys()).toEqual(["b"]);
});

test("a toast stays while the pointer is over it or its button has the focus", async ({ ui }) => {
  const saved = ui.getByText("Saved");
  await ui.evaluate(() => window.driven.toast("ui", "Saved"));
  await saved.hover();
  await ui.clock.runFor(8_000);
  await expect(saved).toBeAttached();
  await ui.mouse.move(0, 0);
  await ui.getByRole("button", { name: "Dismiss" }).focus();
  await ui.clock.runFor(8_000);
  await expect(saved).toBeAttached();
  await ui.evaluate(() => {
    const { activeElement } = window.driven.ui.element.shadowRoot ?? document;
    if (activeElement instanceof HTMLElement) activeElement.blur();
  });
  await ui.clock.runFor(1_000);
  await expect(saved).not.toBeAttached();
});
