/**
 * `/.well-known/breezeway.json` in a browser, which decides about redirects and `<base>`. The table of
 * answers is in `guest/src/config/well-known-file.test.ts`.
 */
import type { Page, Route } from "@playwright/test";
import { expect, test, type BridgeFixture } from "../support/bridge.ts";

const FILE = "**/.well-known/breezeway.json";

type Answer = Parameters<Route["fulfill"]>[0];

/** Opens a bridge in a page without host origins. `asked` counts the requests for the file. */
async function outcome(
  bridge: BridgeFixture,
  page: Page,
  answer: Answer,
  head = "",
): Promise<{ code: string; message: string; asked: number }> {
  let asked = 0;
  await page.route(FILE, (route) => {
    asked += 1;
    return route.fulfill(answer);
  });
  await bridge.openHost();
  const frame = await bridge.mount(page, { path: "/orders?wait=never" });
  const result = await frame.evaluate(async (html) => {
    document.querySelector("meta[name=breezeway-host-origins]")?.remove();
    document.head.insertAdjacentHTML("beforeend", html);
    const open = () => window.breezeway.createAppBridge({ handshakeTimeoutMs: 5_000 });
    return Promise.all([open(), open()]).then(
      ([first, second]) => ({ code: first.state, message: second.appId }),
      ({ code, message }: { code: string; message: string }) => ({ code, message }),
    );
  }, head);
  return { ...result, asked };
}

test("a page without host origins connects by the file of its own origin", async ({
  bridge,
  page,
}) => {
  const json = { hostOrigins: [bridge.platform.hostOrigin] };
  // A `<base>` does not change the URL of the file.
  const head = `<base href="${bridge.platform.strangerOrigin}/">`;
  expect(await outcome(bridge, page, { json }, head)).toMatchObject({
    code: "connected",
    message: "orders",
  });
});

test("the guest does not request the file when the page has a meta tag, even an empty one", async ({
  bridge,
  page,
}) => {
  const json = { hostOrigins: [bridge.platform.hostOrigin] };
  const head = `<meta name="breezeway-host-origins" content="">`;
  const result = await outcome(bridge, page, { json }, head);
  expect(result).toMatchObject({ code: "CONFIG_HOST_ORIGINS_MISSING", asked: 0 });
});

test("the error names all four ways to set host origins when the file is a redirect", async ({
  bridge,
  page,
}) => {
  const { code, message } = await outcome(bridge, page, {
    status: 302,
    headers: { location: "/elsewhere.json" },
  });
  expect(code).toBe("CONFIG_HOST_ORIGINS_MISSING");
  for (const way of ["createAppBridge(", "<meta ", "data-host-origins=", "/.well-known/"]) {
    expect(message).toContain(way);
  }
});
