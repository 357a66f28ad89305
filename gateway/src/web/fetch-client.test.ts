import { expect, it } from "vitest";
import { startGateway } from "../test-support/start.ts";

it("does not hold a body that fails on the caller's side against the upstream", async () => {
  await using gateway = await startGateway({ gateway: { limits: { circuitFailures: 1 } } });
  const headers = { authorization: `Bearer ${gateway.tokens.token()}` };
  const body = new ReadableStream({
    pull: (controller) => controller.error(new Error("CANARY: the caller's own")),
  });
  const init = { method: "POST", headers, body, duplex: "half" };
  const request = new Request("http://gateway.example/orders", init);
  const failed = await gateway.server.gateway.fetch(request);
  expect(failed.status).toBe(400);
  expect(await failed.text()).not.toContain("CANARY");
  const next = await gateway.server.gateway.fetch(
    new Request("http://gateway.example/orders", { headers }),
  );
  expect(next.status).toBe(200);
});
