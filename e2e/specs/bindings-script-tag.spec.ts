import type { BridgeError } from "@breezeway/shared";
import { expect, test } from "../support/workers.ts";
import { scriptTagBuild } from "../support/script-tag-build.ts";

test("the script tag defines window.Breezeway and no other global", async ({ page }) => {
  const code = await scriptTagBuild();
  // An element with this id shadows `window.Breezeway` unless the script defines the property.
  await page.setContent('<form name="Breezeway"></form>');
  const before = await page.evaluate(() => Object.keys(window));
  await page.addScriptTag({ content: code });
  const seen = await page.evaluate((known) => {
    const api = (window as unknown as { Breezeway: Record<string, unknown> }).Breezeway;
    return {
      names: Object.keys(api).toSorted(),
      isFrozen: Object.isFrozen(api),
      added: Object.keys(window).filter((name) => !known.includes(name)),
      isEmbedded: (api["isEmbedded"] as () => boolean)(),
    };
  }, before);
  expect(seen).toEqual({
    names: [
      "AppBridge",
      "BridgeError",
      "callOptions",
      "createAppBridge",
      "createUi",
      "decodeSessionToken",
      "defineContract",
      "isEmbedded",
      "withTransfer",
    ],
    isFrozen: true,
    added: [],
    isEmbedded: false,
  });
});

test("the script for proofs makes a key without the SDK and defines no other global", async ({
  page,
}) => {
  const code = await scriptTagBuild("script-tag-proof");
  // Keys need a secure context, and localhost is one.
  await page.route("http://localhost/", (route) =>
    route.fulfill({ contentType: "text/html", body: '<form name="BreezewayProof"></form>' }),
  );
  await page.goto("http://localhost/");
  const before = await page.evaluate(() => Object.keys(window));
  await page.addScriptTag({ content: code });
  const seen = await page.evaluate(async (known) => {
    const api = (window as unknown as { BreezewayProof: Record<string, unknown> }).BreezewayProof;
    const createProof = api["createProof"] as () => Promise<{ readonly keyThumbprint: string }>;
    return {
      names: Object.keys(api),
      isFrozen: Object.isFrozen(api),
      added: Object.keys(window).filter((name) => !known.includes(name)),
      thumbprint: (await createProof()).keyThumbprint,
    };
  }, before);
  expect(seen).toEqual({
    names: ["createProof"],
    isFrozen: true,
    added: [],
    thumbprint: expect.stringMatching(/^[\w-]{43}$/),
  });
});

test("connecting fails at once outside a host", async ({ page }) => {
  await page.setContent("");
  await page.addScriptTag({ content: await scriptTagBuild() });
  const code = await page.evaluate(async () => {
    const { Breezeway } = window as unknown as {
      Breezeway: { createAppBridge(): Promise<unknown> };
    };
    return Breezeway.createAppBridge().catch((error: BridgeError) => [error.code, error.message]);
  });
  expect(code).toEqual([
    "HANDSHAKE_NOT_EMBEDDED",
    "This page is not embedded. Open it inside its host.",
  ]);
});
