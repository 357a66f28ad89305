/** How the gateway uses its connections to an upstream, seen from the upstream. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { startUpstream } from "@breezeway/test-support/upstream";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

async function connectionCounts(gateway: TestGateway): Promise<Record<string, number>> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const lines = text.matchAll(
    /^breezeway_gateway_upstream_connections\{.*state="(\w+)".*\} (\d+)$/gm,
  );
  return Object.fromEntries(Array.from(lines, ([, state, value]) => [state, Number(value)]));
}

it("opens one connection per concurrent request, and reuses the most recent one first", async () => {
  const waiting: (() => void)[] = [];
  const ports: (number | undefined)[] = [];
  let arrived = (): void => {};
  await using upstream = await startUpstream({
    handler: (request, response) => {
      ports.push(request.socket.remotePort);
      if (request.url === "/orders/now") response.end();
      else if (waiting.push(() => response.end()) === 3) arrived();
    },
  });
  await using gateway = await startGateway({ route: { upstream: upstream.url } });
  const all = new Promise<void>((resolve) => (arrived = resolve));
  const slow = ["/orders/1", "/orders/2", "/orders/3"].map((path) => gateway.request(path));
  await all;
  expect(await connectionCounts(gateway)).toEqual({ connected: 3, free: 0, queued: 0, running: 3 });
  for (const answer of waiting) answer();
  for (const response of slow) expect((await response).status).toBe(200);
  expect(new Set(ports).size).toBe(3);

  ports.length = 0;
  for (let count = 0; count < 5; count += 1) {
    expect((await gateway.request("/orders/now")).status).toBe(200);
  }
  expect(new Set(ports).size).toBe(1);
  expect(await connectionCounts(gateway)).toEqual({ connected: 3, free: 3, queued: 0, running: 0 });
});

it("does not let a request wait for a connection whose request was aborted", async () => {
  const sockets: Socket[] = [];
  // Accepts connections, but sends no TLS bytes on the first.
  const upstream = createServer((socket) => {
    socket.on("error", () => {});
    if (sockets.push(socket) > 1) socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const url = `https://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  {
    await using gateway = await startGateway({ route: { upstream: url } });
    const giveUp = new AbortController();
    const first = gateway.request("/orders", { signal: giveUp.signal });
    await once(upstream, "connection");
    expect(await connectionCounts(gateway)).toMatchObject({ connected: 0, queued: 1 });
    giveUp.abort();
    await expect(first).rejects.toThrow();
    // Wait until the gateway has noticed it too.
    while ((await connectionCounts(gateway))["queued"] !== 0);
    const second = await gateway.request("/orders");
    expect(second.status).toBe(502);
    expect(await second.json()).toMatchObject({ reason: "upstream-unreachable" });
  }
  for (const socket of sockets) socket.destroy();
  upstream.close();
  await once(upstream, "close");
});
