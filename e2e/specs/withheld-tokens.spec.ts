/** Tests `withholdTokens` and `via: "host"` with the real issuer, gateway and service. */
import type { Page } from "@playwright/test";
import { bundlePage } from "../support/bundle-page.ts";
import { expect, test } from "../support/demo.ts";

/** Serves the bridge specs' host and guest pages at the demo's origins. */
async function openBareHost(page: Page, shell: string, guest: string): Promise<void> {
  for (const [origin, name] of [
    [shell, "host-page"],
    [guest, "guest-page"],
  ] as const) {
    const script = await bundlePage(`fixtures/bridge/${name}.ts`);
    const meta = `<meta name="breezeway-host-origins" content="${shell}">`;
    await page.route(`${origin}/bare.js`, (route) =>
      route.fulfill({ contentType: "text/javascript", body: script }),
    );
    await page.route(`${origin}/bare`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><title>bare</title>${meta}<body></body><script src="/bare.js"></script>`,
      }),
    );
  }
  // Chromium does not treat a page that a test fulfils as a page of a loopback address.
  await page.context().grantPermissions(["local-network-access"]);
  await page.goto(`${shell}/bare`);
}

test("a guest without a token reads orders through the host and the real gateway", async ({
  demo,
  page,
  platform,
}) => {
  const { shell, orders, gateway } = platform.addresses;
  await demo.signIn();
  await openBareHost(page, shell.origin, orders.origin);
  await page.evaluate(
    ([guestOrigin, gatewayUrl]) => {
      window.host = window.breezeway.createHost({
        issuerUrl: "/auth",
        gatewayUrl,
        apps: [
          {
            id: "orders",
            name: "Orders",
            version: "1.0.0",
            url: `${guestOrigin}/bare`,
            scopes: ["orders:read"],
          },
        ],
        withholdTokens: () => true,
      });
      window.mount = window.host.mount("orders", { container: document.body });
    },
    [orders.origin, gateway.origin] as const,
  );
  await expect.poll(() => page.evaluate(() => window.mount.state)).toBe("connected");
  const request = page.waitForRequest(`${gateway.origin}/orders?limit=2`);
  const seen = await page
    .frameLocator("iframe")
    .locator("html")
    .evaluate(async () => {
      const bridge = await window.bridge;
      const codeOf = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => "done",
          (error: { code: string }) => error.code,
        );
      const response = await bridge.fetch("/orders?limit=2", { via: "host" });
      return {
        status: response.status,
        body: (await response.json()) as { tenantId: string; orders: unknown[] },
        token: await codeOf(bridge.getSessionToken()),
        direct: await codeOf(bridge.fetch("/orders?limit=2")),
      };
    });
  expect(seen).toMatchObject({ status: 200, token: "DENIED", direct: "DENIED" });
  // Other tests add orders, so the first two may differ.
  expect(seen.body.tenantId).toBe("acme");
  expect(seen.body.orders).toHaveLength(2);

  const sent = await request;
  expect(await sent.headerValue("origin")).toBe(shell.origin);
  expect(await sent.headerValue("cookie")).toBeNull();
  const token = (await sent.headerValue("authorization"))?.split(".")[1] ?? "";
  expect(JSON.parse(Buffer.from(token, "base64url").toString())).toMatchObject({
    aud: "orders",
    azp: orders.origin,
  });
});
