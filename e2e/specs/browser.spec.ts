/** The browser that the other specs run in. */
import { expect, test } from "../support/bridge.ts";
import { DISABLED_FEATURES } from "../support/browser-features.ts";

test("what Playwright switches off in the browser is off", async ({ browser }) => {
  const devtools = await browser.newBrowserCDPSession();
  const { commandLine } = await devtools.send("SystemInfo.getInfo");
  const lists = [...commandLine.matchAll(/--disable-features=(\S+)/gu)].map(([, list]) =>
    (list ?? "").split(","),
  );
  const [playwrights, ours] = lists.slice(-2);
  expect(ours).toEqual(DISABLED_FEATURES);
  expect(ours).toEqual(expect.arrayContaining(playwrights ?? []));
  expect(playwrights).not.toEqual(ours);
});
