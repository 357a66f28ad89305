/** The browser that the other specs run in. */
import { expect, test } from "../support/bridge.ts";

test("every feature that Playwright disables in the browser is disabled", async ({ browser }) => {
  const devtools = await browser.newBrowserCDPSession();
  const { commandLine } = await devtools.send("SystemInfo.getInfo");
  const lists = [...commandLine.matchAll(/--disable-features=(\S+)/gu)].map(([, list = ""]) =>
    list.split(","),
  );
  // The browser follows the last list, which is ours; Playwright's comes right before it.
  const [playwrights = [], ours = []] = lists.slice(-2);
  expect(ours).toContain("WebUIOmniboxPopup");
  expect(playwrights).not.toContain("WebUIOmniboxPopup");
  expect(ours).toEqual(expect.arrayContaining(playwrights));
});
