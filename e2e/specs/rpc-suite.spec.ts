import { expect, test } from "../support/embed.ts";
import { rpcCases, rpcContract, rpcMethods, type RpcHostSide } from "../suites/rpc-suite.ts";
import { bundlePage } from "../support/bundle-page.ts";

test("every case of the suite passes between real windows of two sites", async ({
  embed,
  context,
}) => {
  const script = await bundlePage("fixtures/rpc/guest-page.ts");
  await context.route("**/guest-page.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: script }),
  );
  const side = (): RpcHostSide => ({
    callGuest: (name, value) => app.call(name, value),
    async publish(id) {
      await app.publish("customer:changed", { id });
      await app.publish("customer:current", { id });
    },
    heard: app.events.map(({ payload }) => payload),
  });
  const app = await embed(
    {
      html: (hostOrigin) =>
        `<!doctype html><meta name="breezeway-host-origins" content="${hostOrigin}">` +
        `<script src="/guest-page.js"></script>`,
    },
    { contract: rpcContract, methods: rpcMethods(side) },
  );
  for (const { name } of rpcCases) {
    const outcome = await app.frame
      .locator("html")
      .evaluate((_page, wanted) => window.runCase(wanted), name);
    expect.soft(outcome, name).toBe("passed");
  }
});
