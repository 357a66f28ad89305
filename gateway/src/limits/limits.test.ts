import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { sendRaw } from "@breezeway/test-support/raw-client";
import { startUpstream } from "@breezeway/test-support/upstream";
import { startGateway, TICKING, type TestGateway } from "../../test-support/start.ts";

const limited = { rateLimit: { requests: 2, windowSeconds: 60 } } as const;

afterEach(() => void vi.useRealTimers());

async function statuses(gateway: TestGateway, claims: readonly object[]): Promise<number[]> {
  const result: number[] = [];
  for (const each of claims) {
    const authorization = `Bearer ${gateway.tokens.token(each)}`;
    result.push((await gateway.request("/orders", { headers: { authorization } })).status);
  }
  return result;
}

describe("rate limits", () => {
  it("count each user in each app and tenant separately", async () => {
    await using gateway = await startGateway({ route: limited });
    const bob = { sub: "bob", userId: "bob" };
    const claims = [{}, {}, {}, bob, { tenantId: "globex" }, { sid: "another session" }];
    expect(await statuses(gateway, claims)).toEqual([200, 200, 429, 200, 200, 429]);
  });

  it("count together by the route's `per`", async () => {
    await using gateway = await startGateway({
      route: { rateLimit: { ...limited.rateLimit, per: ["tenant"] } },
    });
    const bob = { sub: "bob", userId: "bob" };
    expect(await statuses(gateway, [{}, bob, bob])).toEqual([200, 200, 429]);
  });

  it("count tenants separately when their names contain separators", async () => {
    await using gateway = await startGateway({
      route: { rateLimit: { requests: 1, windowSeconds: 60, per: ["tenant", "user"] } },
    });
    const claims = [
      { tenantId: 'a","b', sub: "c", userId: "c" },
      { tenantId: "a", sub: 'b","c', userId: 'b","c' },
    ];
    expect(await statuses(gateway, claims)).toEqual([200, 200]);
  });

  it("ask for a wait of at most a window when the clock is set back by a day", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await using gateway = await startGateway({ route: limited });
    await gateway.request("/orders");
    vi.setSystemTime(Date.now() - 86_400_000);
    await gateway.request("/orders", {
      headers: { authorization: `Bearer ${gateway.tokens.token()}` },
    });
    const refused = await gateway.request("/orders", {
      headers: { authorization: `Bearer ${gateway.tokens.token()}` },
    });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it("report the remaining requests, and when to retry", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await using gateway = await startGateway({ route: limited });
    const first = await gateway.request("/orders");
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=2;w=60');
    expect(first.headers.get("ratelimit")).toBe('"default";r=1;t=60');
    vi.advanceTimersByTime(3_500);
    await gateway.request("/orders");
    const refused = await gateway.request("/orders");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("57");
    expect(refused.headers.get("ratelimit")).toBe('"default";r=0;t=57');
    expect(await refused.json()).toMatchObject({ reason: "rate-limited", action: "wait" });
  });

  it("do not count requests that are refused earlier", async () => {
    await using gateway = await startGateway({ route: limited });
    const bad = { scope: "" };
    expect(await statuses(gateway, [bad, bad, bad, {}])).toEqual([403, 403, 403, 200]);
  });
});

describe("an upstream", () => {
  it("gets no more concurrent requests than its cap", async () => {
    const release = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => void release.promise.then(() => response.end()),
      gateway: { limits: { maxConcurrentRequests: 2 } },
    });
    const under = [gateway.request("/orders"), gateway.request("/orders")];
    while (gateway.upstream.requests.length < 2) await new Promise(setImmediate);
    const refused = await gateway.request("/orders");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ reason: "overloaded", action: "wait" });
    release.resolve();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await gateway.request("/orders")).status).toBe(200);
  });

  it("stays available when one session holds streams open", async () => {
    const release = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => void release.promise.then(() => response.end()),
      gateway: { limits: { maxConcurrentRequests: 3, maxConcurrentPerSession: 2 } },
    });
    const under = [gateway.request("/orders"), gateway.request("/orders")];
    while (gateway.upstream.requests.length < 2) await new Promise(setImmediate);
    const refused = await gateway.request("/orders");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    const authorization = `Bearer ${gateway.tokens.token({ sid: "session-2" })}`;
    under.push(gateway.request("/orders", { headers: { authorization } }));
    while (gateway.upstream.requests.length < 3) await new Promise(setImmediate);
    release.resolve();
    expect((await Promise.all(under)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await gateway.request("/orders")).status).toBe(200);
  });

  it("gets no requests while it is down, except one probe", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const port = await freePort();
    await using gateway = await startGateway({
      route: { upstream: `http://127.0.0.1:${port}` },
      gateway: { limits: { circuitFailures: 3, circuitOpenMs: 1_500 } },
    });
    for (let count = 0; count < 3; count += 1) await gateway.request("/orders");
    const metric = 'breezeway_gateway_upstream_circuit_open{upstream="/orders"}';
    const metrics = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text();
    expect(await metrics()).toContain(`${metric} 1`);
    await using back = await startUpstream({ port });
    const refused = await gateway.request("/orders");
    expect(refused.status).toBe(502);
    expect(refused.headers.get("retry-after")).toBe("2");
    vi.advanceTimersByTime(1_499);
    expect((await gateway.request("/orders")).status).toBe(502);
    expect(back.requests).toEqual([]);
    vi.advanceTimersByTime(1);
    expect((await gateway.request("/orders")).status).toBe(200);
    expect(await metrics()).toContain(`${metric} 0`);
  });
});

describe("slow clients", () => {
  it("are disconnected when the head does not arrive in time", async () => {
    await using gateway = await startGateway({ serve: { headersTimeoutMs: 200 } });
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1").setEncoding("latin1");
    socket.write("GET /orders HTTP/1.1\r\nHost: g\r\n");
    const dripping = setInterval(() => socket.write("X-A: 1\r\n"), 50);
    socket.on("error", () => {});
    let received = "";
    for await (const chunk of socket) received += String(chunk);
    clearInterval(dripping);
    expect(received).toMatch(/^HTTP\/1\.1 408 .*request-timeout/s);
  });

  it("are disconnected when their body stops", async () => {
    await using gateway = await startGateway({ route: { idleTimeoutMs: 300 } });
    const token = gateway.tokens.token();
    const text = `POST /orders HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9\r\n\r\nx`;
    const received = await sendRaw(gateway.url, text, /\}$/);
    expect(received).toMatch(/^HTTP\/1\.1 408 .*request-timeout/s);
  });
});

describe("slow upstreams", () => {
  it("are disconnected when their answer stops", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => void response.write("begun"),
      route: { idleTimeoutMs: 300 },
    });
    const response = await gateway.request("/orders");
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("are disconnected after totalTimeoutMs, even if bytes still move", async () => {
    vi.useFakeTimers({ toFake: TICKING });
    let lively: ServerResponse | undefined;
    await using gateway = await startGateway({
      handler: (_request, response) => void (lively = response).write("tick"),
      route: { totalTimeoutMs: 300 },
    });
    const reader = (await gateway.request("/orders")).body!.getReader();
    const untilCut = async (): Promise<void> => {
      for (;;) {
        await reader.read();
        vi.advanceTimersByTime(100);
        lively?.write("tick");
      }
    };
    await expect(untilCut()).rejects.toThrow("terminated");
  });
});
