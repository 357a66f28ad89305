/** [TM-105] Another app or another origin uses an app's token. */
import { askGateway, signIn } from "../support/http.ts";
import { expect, test } from "./support.ts";

const ALICE = { userId: "alice", tenantId: "acme" };

test("the gateway rejects a token from another app's origin, in the browser", async ({
  demo,
  platform,
}) => {
  const token = await (await signIn(platform, ALICE)).token("orders");
  await demo.signIn();
  const inspector = await demo.openApp("Inspector");
  const url = `${platform.addresses.gateway.origin}/orders`;
  const answer = await inspector.locator("body").evaluate(
    async (_, [target, stolen]) => {
      const response = await fetch(target, { headers: { authorization: `Bearer ${stolen}` } });
      return { status: response.status, body: (await response.json()) as unknown };
    },
    [url, token] as const,
  );
  expect(answer).toMatchObject({ status: 401, body: { reason: "azp-mismatch" } });
});

test("a page of an unregistered origin cannot send a stolen token", async ({
  expectedMessages,
  openEvilSite,
  page,
  platform,
}) => {
  const token = await (await signIn(platform, ALICE)).token("orders");
  expectedMessages.push(/blocked by CORS policy/);
  const evil = await openEvilSite({ page: "sibling" });
  await page.goto(evil.origin);
  const outcome = await page.evaluate(
    async ([target, stolen]) =>
      fetch(target, { headers: { authorization: `Bearer ${stolen}` } }).then(
        () => "read",
        () => "failed",
      ),
    [`${platform.addresses.gateway.origin}/orders`, token] as const,
  );
  expect(outcome).toBe("failed");
  const { status, body } = await askGateway(platform, "/orders", {
    token,
    headers: { origin: evil.origin },
  });
  expect(status).toBe(403);
  expect(body).toMatchObject({ reason: "origin-not-allowed" });
});

test("an app's own token grants no scope that the app lacks", async ({ platform }) => {
  const session = await signIn(platform, ALICE);
  const inspector = await askGateway(platform, "/orders", {
    token: await session.token("inspector"),
  });
  expect([inspector.status, inspector.body]).toMatchObject([403, { reason: "scope-missing" }]);
  const pane = await askGateway(platform, "/orders", {
    token: await session.token("customer-pane"),
  });
  expect([pane.status, pane.body]).toMatchObject([403, { reason: "scope-missing" }]);
});
