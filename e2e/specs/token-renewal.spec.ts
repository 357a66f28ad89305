import { expect, test } from "../support/demo.ts";

test.use({ platformOptions: { tokenTtlSeconds: 15 } });

test("a token is renewed before it runs out, and never shown expired", async ({ demo }) => {
  await demo.signIn();
  const inspector = await demo.openApp("Inspector");
  const token = inspector.getByTestId("token");
  const first = await token.textContent();
  await expect(token).not.toHaveText(first ?? "", { timeout: 14_000 });
  // The one before had 5 s left at most when it was replaced, and a bit.
  expect(Number(await inspector.getByTestId("countdown").textContent())).toBeGreaterThan(7);
});
