/** Checks the accessibility of the ready-made surfaces. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, test } from "../support/bridge.ts";
import { call, click, modalFrame, open, start } from "../support/surfaces.ts";

for (const colorScheme of ["light", "dark"] as const) {
  test(`toasts and dialogs have no accessibility violations in ${colorScheme}`, async ({
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
