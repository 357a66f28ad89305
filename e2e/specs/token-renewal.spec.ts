import { expect, test as base } from "../support/demo.ts";
import { withDemo } from "../support/workers.ts";

const test = base.extend({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern
  platform: async ({}, use) => withDemo({ tokenTtlSeconds: 15 }, use),
});

test("a token is renewed before it expires", async ({ demo }) => {
  await demo.signIn();
  const inspector = await demo.openApp("Inspector");
  const token = inspector.getByTestId("token");
  const first = await token.textContent();
  await expect(token).not.toHaveText(first ?? "", { timeout: 14_000 });
  // The previous token had about 5 s left when it was replaced, so a higher value is the new token's.
  expect(Number(await inspector.getByTestId("countdown").textContent())).toBeGreaterThan(7);
});
