import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  TracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { sendRaw } from "@breezeway/test-support/raw-client";
import { ISSUER, APP_ORIGIN } from "@breezeway/test-support/signer";
import { startUpstream, type Echo } from "@breezeway/test-support/upstream";
import { createGateway } from "../gateway.ts";
import { ORDERS_APP } from "../../test-support/apps.ts";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

async function metricsOf(gateway: TestGateway): Promise<string> {
  return (await fetch(`${gateway.url}/metrics`)).text();
}

describe("metrics", () => {
  it("count requests by route, status and reason, and time them", async () => {
    await using gateway = await startGateway();
    await gateway.request("/orders/1");
    await gateway.request("/orders/2");
    await gateway.request("/orders", { headers: { authorization: "Bearer x" } });
    await gateway.request("/somewhere");
    await sendRaw(gateway.url, "nonsense\r\n\r\n");
    const text = await metricsOf(gateway);
    for (const line of [
      'breezeway_gateway_requests_total{route="/orders",status="200",reason=""} 2',
      'breezeway_gateway_requests_total{route="/orders",status="401",reason="token-malformed"} 1',
      'breezeway_gateway_requests_total{route="",status="404",reason="route-unknown"} 1',
      'breezeway_gateway_request_duration_seconds_count{route="/orders"} 3',
      "breezeway_gateway_client_errors_total 1",
      "breezeway_gateway_open_exchanges 0",
      'breezeway_gateway_upstream_connections{upstream="/orders",state="connected"} 1',
    ]) {
      expect(text).toContain(line);
    }
  });

  it("report how upstreams fail", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    await using gateway = await startGateway({
      routes: [
        { prefix: "/gone", upstream: gone.url },
        { prefix: "/hanging", timeoutMs: 1 },
      ],
      handler: () => {},
    });
    await gateway.request("/gone");
    await gateway.request("/hanging");
    const text = await metricsOf(gateway);
    expect(text).toContain('{route="/gone",status="502",reason="upstream-unreachable"} 1');
    expect(text).toContain('{route="/hanging",status="504",reason="upstream-timeout"} 1');
  });

  it("count failed fetches of the key set", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    const errors: unknown[] = [];
    await using gateway = await startGateway({
      gateway: { jwks: `${gone.url}/jwks.json`, onError: (error) => errors.push(error) },
    });
    await gateway.server.gateway.ready;
    expect(await metricsOf(gateway)).toContain("breezeway_gateway_keys_fetch_failures_total 1");
    expect(errors).toHaveLength(1);
  });
});

function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      // The descriptor with which the folder was read.
      return [];
    }
  });
}

describe("the audit log", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const entries = (): Record<string, unknown>[] =>
    lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>);

  it("has one line per decision, with caller and request", async () => {
    await using gateway = await startGateway({ gateway: { audit: destination } });
    const response = await gateway.request("/orders/7?secret=1", {
      headers: { origin: APP_ORIGIN },
    });
    const authorization = `Bearer ${gateway.tokens.token({ scope: "" })}`;
    await gateway.request("/orders/8", { headers: { authorization } });
    await gateway.request("/orders/9", { headers: { authorization: "" } });
    const [allowed, refused, anonymous, ...rest] = entries();
    expect(rest).toEqual([]);
    expect(allowed).toMatchObject({
      event: "decision",
      decision: "allow",
      requestId: response.headers.get("x-breezeway-request-id"),
      method: "GET",
      path: "/orders/7",
      route: "/orders",
      origin: APP_ORIGIN,
      peer: "127.0.0.1",
      user: "alice",
      tenant: "acme",
      app: "orders",
      session: "session-1",
    });
    expect(refused).toMatchObject({ decision: "refuse", reason: "scope-missing", status: 403 });
    expect(anonymous).toMatchObject({ decision: "refuse", reason: "token-missing", status: 401 });
  });

  it.each([
    ["without a token", "GET", "", "token-missing"],
    ["of a method that the route does not take", "DELETE", "Bearer x", "method-not-allowed"],
  ])("names the path and route that a reverse proxy asked about %s", async (...row) => {
    const [, method, authorization, reason] = row;
    await using gateway = await startGateway({
      gateway: { audit: destination },
      route: { scopes: { GET: ["orders:read"] } },
    });
    await gateway.request("/authz/orders/7", { method, headers: { authorization } });
    expect(entries()).toMatchObject([{ reason, path: "/orders/7", route: "/orders" }]);
    expect(await metricsOf(gateway)).toMatch(
      new RegExp(`requests_total\\{route="/orders",status="\\d+",reason="${reason}"\\} 1`),
    );
  });

  it("adds a line when an allowed request fails", async () => {
    await using gateway = await startGateway({
      gateway: { audit: destination },
      handler: (request) => request.socket.destroy(),
    });
    await gateway.request("/orders", { method: "POST", body: "x" });
    expect(entries()).toMatchObject([
      { decision: "allow" },
      { decision: "fail", reason: "upstream-unreachable", status: 502 },
    ]);
  });

  it("never contains a secret, nor do errors and metrics", async () => {
    await using gateway = await startGateway({ gateway: { audit: destination } });
    const canary = "CANARY-7f3a";
    const token = gateway.tokens.token();
    const bodies: string[] = [];
    for (const [path, headers] of [
      [`/orders?q=${canary}`, { cookie: canary }],
      ["/orders", { authorization: `Bearer ${canary}` }],
      ["/orders", { authorization: `Basic ${canary}` }],
      ["/orders", { "x-tenant-id": canary }],
      ["/orders", { origin: `https://${canary}.example` }],
      ["/orders", { authorization: `Bearer ${token.slice(0, -8)}AAAAAAAA` }],
      [`/orders?access_token=${canary}`, {}],
    ] as const) {
      const authorization = `Bearer ${token}`;
      const response = await gateway.request(path, { headers: { authorization, ...headers } });
      if (response.status !== 200) bodies.push(await response.text());
    }
    const logged = lines.splice(0).filter((line) => !line.includes("origin-not-allowed"));
    const everything = [...logged, ...bodies, await metricsOf(gateway)].join("\n");
    expect(everything).not.toContain(canary);
    expect(everything).not.toContain(token.split(".")[2]);
    expect(everything).not.toContain(token.split(".")[1]);
  });

  it("appends to a file", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "logs", "audit.jsonl");
    {
      await using gateway = await startGateway({ gateway: { audit: { file } } });
      await gateway.request("/orders");
    }
    expect(readFileSync(file, "utf8")).toContain('"decision":"allow"');
  });

  it("refuses a file that cannot be written", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "a-file");
    writeFileSync(file, "");
    await expect(
      startGateway({ gateway: { audit: { file: join(file, "audit.jsonl") } } }),
    ).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`audit: cannot write ${file}`) as string,
    });
    await expect(startGateway({ gateway: { audit: { file: folder.path } } })).rejects.toThrow(
      "EISDIR",
    );
  });

  it.runIf(existsSync("/proc/self/fd"))("is closed when another option is wrong", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "audit.jsonl");
    expect(() =>
      createGateway({
        issuer: ISSUER,
        apps: [ORDERS_APP],
        routes: [{ prefix: "/orders" }],
        audit: { file },
        rateLimitStore: { kind: "cluster", timeoutMs: 0 },
      }),
    ).toThrow("rateLimitStore.timeoutMs");
    await expect.poll(openFiles).not.toContain(file);
  });

  it.runIf(existsSync("/dev/full"))("does not stop requests when the disk is full", async () => {
    await using gateway = await startGateway({ gateway: { audit: { file: "/dev/full" } } });
    for (let count = 0; count < 50; count += 1) {
      expect((await gateway.request("/orders")).status).toBe(200);
    }
    while (!/audit_lines_dropped [1-9]/.test(await metricsOf(gateway))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await gateway.request("/orders")).status).toBe(200);
  });
});

describe("tracing", () => {
  it("continues the caller's trace, and the upstream continues the gateway's", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    trace.setGlobalTracerProvider(provider);
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    try {
      await using gateway = await startGateway({ gateway: { tracing: true } });
      const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
      const response = await gateway.request("/orders/7", {
        headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      });
      const { headers } = (await response.json()) as Echo;
      await gateway.request("/orders", { headers: { authorization: "" } });
      const [span, refused] = exporter.getFinishedSpans();
      expect(headers["traceparent"]).toBe(`00-${traceId}-${span!.spanContext().spanId}-01`);
      expect(span).toMatchObject({
        name: "GET /orders",
        kind: SpanKind.SERVER,
        attributes: {
          "http.request.method": "GET",
          "http.route": "/orders",
          "url.path": "/orders/7",
          "http.response.status_code": 200,
          "breezeway.tenant": "acme",
          "breezeway.app.version": ORDERS_APP.version,
          "breezeway.app.channel": "stable",
        },
      });
      expect(span!.parentSpanContext?.spanId).toBe("00f067aa0ba902b7");
      expect(refused!.attributes).toMatchObject({ "error.type": "token-missing" });
    } finally {
      trace.disable();
      propagation.disable();
      context.disable();
      await provider.shutdown();
    }
  });
});
