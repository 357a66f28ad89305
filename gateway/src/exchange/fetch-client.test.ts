import { expect, it } from "vitest";
import { startGateway } from "../../test-support/start.ts";

it("does not count a body that fails on the caller's side as the upstream's failure", async () => {
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

it("stops reading the request body once the answer has arrived", async () => {
  await using gateway = await startGateway({
    handler: (_request, response) => response.end("early"),
    route: { maxBodyBytes: 1_000_000_000 },
  });
  const headers = {
    authorization: `Bearer ${gateway.tokens.token()}`,
    "transfer-encoding": "chunked",
  };
  let pulls = 0;
  const body = new ReadableStream({
    pull: async (controller) => {
      pulls += 1;
      controller.enqueue(new Uint8Array(65_536));
      await new Promise(setImmediate);
    },
  });
  const request = new Request("http://g.example/orders", {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  const response = await gateway.server.gateway.fetch(request);
  expect(await response.text()).toBe("early");
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  const before = pulls;
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(pulls).toBe(before);
});
