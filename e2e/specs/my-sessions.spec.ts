/** `<breezeway-my-sessions>` on a real issuer: what it shows, and what it ends. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { AGENTS, expect, test, type MySessions } from "../support/my-sessions.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const HOUR_MS = 3_600_000;

async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== "running"),
  );
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
    where,
  ).toEqual([]);
}

/** Two other devices and an unknown one. */
async function several(mySessions: MySessions): Promise<void> {
  await mySessions.signInElsewhere();
  await mySessions.signInElsewhere({ userAgent: AGENTS.iphone, address: "2001:db8:1:2::3" });
  await mySessions.signInElsewhere({ userAgent: AGENTS.firefox, address: "198.51.100.7" });
}

const rows = (page: Page): Locator => page.locator("breezeway-my-sessions [part~=session]");
const endButton = (page: Page, device: string): Locator =>
  page.getByRole("button", { name: `Sign out ${device}`, exact: true });

test("shows each session with its device, this one first and without an end", async ({
  page,
  mySessions,
}) => {
  await several(mySessions);
  await mySessions.open(page);
  await expect(rows(page)).toHaveCount(4);
  await expect(rows(page).nth(0)).toContainText("This device");
  await expect(rows(page).nth(0)).toContainText("Active now");
  await expect(rows(page).nth(0).getByRole("button")).toHaveCount(0);
  await expect(rows(page).nth(1)).toContainText("Firefox on Windows");
  await expect(rows(page).nth(1)).toContainText("IP 198.51.100.x");
  await expect(rows(page).nth(2)).toContainText("Safari on iPhone");
  await expect(rows(page).nth(2)).toContainText("IP 2001:db8:1:…");
  await expect(rows(page).nth(3)).toContainText("Unknown device");
});

test("ends one session after a question, and its page is signed out within 5 s", async ({
  page,
  context,
  browser,
  mySessions,
}) => {
  const elsewhere = await browser.newContext({ userAgent: AGENTS.firefox });
  const other = await elsewhere.newPage();
  await other.goto("about:blank");
  await mySessions.open(other);
  await expect(rows(other)).toHaveCount(1);
  await mySessions.open(page);
  await expect(rows(page)).toHaveCount(2);

  await endButton(page, "Firefox on Windows").click();
  const dialog = page.getByRole("alertdialog", { name: "Sign out of Firefox on Windows?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(endButton(page, "Firefox on Windows")).toBeFocused();
  await expect(rows(page)).toHaveCount(2);

  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByText("You are signed in on this device only.")).toBeVisible();
  await expect(page.getByRole("status")).toHaveText("One session has ended.");
  await expect(page.getByRole("heading", { name: "Where you are signed in" })).toBeFocused();
  await expect(other.getByRole("heading", { name: "You are signed out" })).toBeVisible({
    timeout: 5_000,
  });
  expect(await context.cookies()).toHaveLength(1);
  await elsewhere.close();
});

test("ends all others, and stays signed in", async ({ page, mySessions }) => {
  await several(mySessions);
  await mySessions.open(page);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("3 other sessions end. This device stays signed in.");
  await dialog.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(rows(page)).toHaveCount(1);
  expect(await mySessions.issuer.sessions.listForUser("alice")).toHaveLength(1);
});

test("keeps the question open when the end fails, and treats an ended session as done", async ({
  page,
  mySessions,
}) => {
  const handle = await mySessions.signInElsewhere({ userAgent: AGENTS.firefox });
  await mySessions.open(page);
  await endButton(page, "Firefox on Windows").click();
  const dialog = page.getByRole("alertdialog");
  const confirm = dialog.getByRole("button", { name: "Sign out" });
  mySessions.devices = "fail";
  await confirm.click();
  await expect(dialog.getByRole("alert")).toHaveText(
    "It did not work. Check your network, and try again.",
  );
  mySessions.devices = "answer";
  await mySessions.issuer.sessions.revoke(handle);
  await confirm.click();
  await expect(dialog).toHaveCount(0);
  await expect(rows(page)).toHaveCount(1);
});

test("shows a skeleton, an error with a way out, and that nobody is signed in", async ({
  page,
  mySessions,
}) => {
  mySessions.devices = "hang";
  await mySessions.open(page);
  const busy = page.locator("breezeway-my-sessions [aria-busy=true]");
  await expect(busy).toContainText("Your sessions are loading");
  await expectAccessible(page, "loading");
  mySessions.devices = "fail";
  await page.evaluate(() => window.element.reload());
  const alert = page.locator("breezeway-my-sessions").getByRole("alert");
  await expect(alert).toContainText("The server cannot be reached.");
  await expectAccessible(page, "error");
  mySessions.devices = "answer";
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(rows(page)).toHaveCount(1);
  await page.evaluate(() => window.host.session.signOut());
  await expect(page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  await expectAccessible(page, "signed out");
});

test("follows the host's language, its labels, and times in the past", async ({
  page,
  mySessions,
}) => {
  await mySessions.signInElsewhere({ userAgent: AGENTS.firefox }, "globex");
  await page.clock.setFixedTime(Date.now() + 75 * HOUR_MS);
  await mySessions.open(page);
  await page.evaluate(() => {
    window.element.labels = {
      device: (name) => (name ?? "Unbekanntes Gerät").replace(" on ", " unter "),
      lastUsed: (when) => `Zuletzt ${when}`,
      tenant: (tenantId) => `Mandant ${tenantId}`,
    };
    window.host.locale.set("de");
  });
  await expect(rows(page).nth(1)).toContainText("Firefox unter Windows");
  await expect(rows(page).nth(1)).toContainText("Zuletzt vor 3 Tagen");
  await expect(rows(page).nth(1)).toContainText("Mandant globex");
});

test("shows markup in a label of a stranger as text", async ({ page, mySessions }) => {
  const handle = await mySessions.signInElsewhere();
  await page.route("**/auth/session/devices", async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as { sessions: { handle: string; device: string }[] };
    const session = body.sessions.find((each) => each.handle === handle);
    if (session) session.device = "<img src=x onerror=document.title='x'>\u202e";
    await route.fulfill({ json: body });
  });
  await mySessions.open(page);
  await expect(rows(page).nth(1)).toContainText("<img src=x");
  await expect(page.locator("breezeway-my-sessions img")).toHaveCount(0);
  await expect(page).toHaveTitle("Account");
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1360, 390]) {
    test(`has no accessibility violations and fits in ${colorScheme} at ${width} px`, async ({
      page,
      mySessions,
    }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 860 });
      await several(mySessions);
      await mySessions.open(page);
      await expect(rows(page)).toHaveCount(4);
      await expectAccessible(page, "list");
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
      await endButton(page, "Safari on iPhone").click();
      await expect(page.getByRole("alertdialog")).toBeVisible();
      await expectAccessible(page, "question");
    });
  }
}
