import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { systemClock } from "@breezeway/shared";
import { describe, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { createSigner, ISSUER } from "@breezeway/test-support/signer";
import { createGateway } from "../gateway.ts";
import { serveGateway } from "../node/serve-gateway.ts";
import { ORDERS_APP } from "../../test-support/apps.ts";
import { startGateway } from "../../test-support/start.ts";
import { isInsider } from "./is-insider.ts";

const FIGURES = "breezeway_gateway_requests_total";

interface Heard {
  readonly status: number;
  readonly body: string;
}

/** Node's client, because `fetch` sets `Host` itself. */
async function ask(url: string, headers: Record<string, string> = {}): Promise<Heard> {
  const request = httpRequest(url, { headers, agent: false }).end();
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  request.on("error", reject);
  request.on("response", (response) => {
    void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }));
  });
  return promise;
}

describe("operators' data", () => {
  it("is shown to a caller on this machine", async () => {
    await using gateway = await startGateway();
    await gateway.request("/orders");
    expect(await ask(`${gateway.url}/metrics`)).toMatchObject({ status: 200 });
    expect((await ask(`${gateway.url}/metrics`)).body).toContain(FIGURES);
    const { body } = await ask(`${gateway.url}/health/ready`);
    expect(JSON.parse(body)).toEqual({ status: "ok", checks: { keys: "ok", revocations: "off" } });
  });

  it("tells for 5 minutes that the clock jumped, and the log says by how much", async () => {
    const system = systemClock();
    let offsetMs = 0;
    const errors: unknown[] = [];
    await using gateway = await startGateway({
      gateway: { onError: (error) => errors.push(error) },
      hooks: { clock: { ...system, now: () => system.now() + offsetMs } },
    });
    offsetMs = -3_600_000;
    await expect
      .poll(async () => JSON.parse((await ask(`${gateway.url}/health/ready`)).body) as unknown)
      .toEqual({
        status: "degraded",
        checks: { keys: "ok", revocations: "off", clock: "jumped" },
      });
    expect(errors).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining("back by 3600 s") as unknown }),
    );
  });

  it("contains no upstream's address, even there", async () => {
    await using gateway = await startGateway();
    await gateway.request("/orders");
    const { body } = await ask(`${gateway.url}/metrics`);
    expect(body).toContain('upstream_connections{upstream="/orders",state="connected"} 1');
    expect(body).not.toContain(new URL(gateway.upstream.url).host);
  });

  it.each<[string, Record<string, string>]>([
    ["was passed on by a proxy", { "X-Forwarded-For": "203.0.113.7" }],
    ["was passed on by a proxy of another kind", { "x-real-ip": "203.0.113.7" }],
    ["names another host, as after DNS rebinding", { Host: "evil.example:4001" }],
    ["came through a CDN", { Via: "1.1 cdn", "CF-Connecting-IP": "203.0.113.7" }],
  ])("is not shown to a request that %s", async (_name, headers) => {
    await using gateway = await startGateway();
    const metrics = await ask(`${gateway.url}/metrics`, headers);
    expect(metrics.status).toBe(404);
    expect(metrics.body).toContain("route-unknown");
    const ready = await ask(`${gateway.url}/health/ready`, headers);
    expect(ready).toEqual({ status: 200, body: '{"status":"ok"}' });
  });

  it("is not shown to the public, which includes a lost feed", async () => {
    const port = await freePort();
    await using gateway = await startGateway({
      gateway: { revocations: { url: `http://127.0.0.1:${port}/revocations` } },
    });
    const headers = { "x-forwarded-for": "203.0.113.7" };
    expect(await ask(`${gateway.url}/health/ready`, headers)).toEqual({
      status: 200,
      body: '{"status":"ok"}',
    });
    expect((await ask(`${gateway.url}/health/ready`)).body).toContain('"status":"degraded"');
  });

  it.each([
    ["another machine", { peerAddress: "10.0.0.7", rawHeaders: ["host", "localhost"] }],
    ["nobody knows where", { peerAddress: undefined, rawHeaders: ["host", "localhost"] }],
    ["an address like loopback", { peerAddress: "127.0.0.1.example", rawHeaders: [] }],
    ["somebody with two hosts", { rawHeaders: ["host", "localhost", "Host", "localhost"] }],
    ["somebody without a host", { rawHeaders: [] }],
  ])("is not for a request from %s", (_name, head) => {
    const base = { method: "GET", target: "/metrics", encrypted: false, peerAddress: "127.0.0.1" };
    expect(isInsider({ ...base, ...head }, "local")).toBe(false);
  });

  it.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])("is for %s", (peerAddress) => {
    const rawHeaders = ["Host", "localhost:4001"];
    const head = { method: "GET", target: "/metrics", encrypted: false, peerAddress, rawHeaders };
    expect(isInsider(head, "local")).toBe(true);
    expect(isInsider(head, "none")).toBe(false);
  });

  it("is shown to everybody only when access is public", async () => {
    await using gateway = await startGateway({ gateway: { metrics: { access: "public" } } });
    const headers = { "x-forwarded-for": "203.0.113.7" };
    expect((await ask(`${gateway.url}/metrics`, headers)).body).toContain(FIGURES);
  });

  it.each(["127.0.0.1", "::1"])(
    "is not told on %s to a page that points its name there",
    async (host) => {
      const serve = { operationsPort: 0, operationsHost: host };
      await using gateway = await startGateway({ serve });
      const url = `${gateway.server.operationsUrl}/metrics`;
      expect(await ask(url, { Host: "evil.example:9100" })).toEqual({ status: 421, body: "" });
      expect(await ask(url, { Host: "localhost:9100" })).toMatchObject({ status: 200 });
    },
  );

  it("is served only by the operations listener when there is one", async () => {
    await using gateway = await startGateway({ serve: { operationsPort: 0 } });
    const { operationsUrl } = gateway.server;
    expect((await ask(`${operationsUrl}/metrics`)).body).toContain(FIGURES);
    expect((await ask(`${operationsUrl}/health/ready`)).body).toContain("checks");
    expect((await ask(`${operationsUrl}/health/live`)).status).toBe(200);
    expect((await ask(`${operationsUrl}/orders`)).status).toBe(404);
    expect((await ask(`${gateway.url}/metrics`)).status).toBe(404);
    expect((await ask(`${gateway.url}/health/ready`)).body).toBe('{"status":"ok"}');
    await gateway.server.close();
    await expect(ask(`${operationsUrl}/metrics`)).rejects.toThrow("ECONNREFUSED");
  });

  it("refuses an operations port that is in use, and leaves nothing open", async () => {
    await using first = await startGateway({ serve: { operationsPort: 0 } });
    const operationsPort = Number(new URL(first.server.operationsUrl ?? "").port);
    const options = {
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }],
      revocations: false,
    } as const;
    await expect(serveGateway(options, { port: 0, operationsPort })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("operationsPort") as string,
    });
  });

  it("has its own handler besides fetch, which knows no addresses", async () => {
    await using gateway = createGateway({
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }],
      jwks: createSigner().jwks,
      revocations: false,
    });
    const request = (): Request => new Request("http://localhost/metrics");
    expect((await gateway.fetch(request())).status).toBe(404);
    expect(await (await gateway.operations(request())).text()).toContain(FIGURES);
  });
});
