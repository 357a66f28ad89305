import { once } from "node:events";
import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { renameSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { ISSUER } from "@breezeway/test-support/signer";
import { startUpstream } from "@breezeway/test-support/upstream";
import { readGatewayConfig } from "../config/read-config.ts";
import { watchGatewayConfig } from "../config/watch-config.ts";
import { ORDERS_APP, PANE_APP } from "../../test-support/apps.ts";
import { startGateway } from "../../test-support/start.ts";
import { createGateway } from "../gateway.ts";
import { serveGateway } from "./serve-gateway.ts";

describe("closing", () => {
  it("allows open exchanges to finish within graceMs, and accepts no new ones", async () => {
    const release = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => void release.promise.then(() => response.end("whole")),
    });
    const pending = gateway.request("/orders");
    while (gateway.upstream.requests.length === 0) await new Promise(setImmediate);
    const closing = gateway.server.close({ graceMs: 10_000 });
    await expect(gateway.request("/orders")).rejects.toThrow("fetch failed");
    release.resolve();
    expect(await (await pending).text()).toBe("whole");
    await closing;
  });

  it("reports draining to load balancers on open connections, and closes these connections", async () => {
    const release = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => void release.promise.then(() => response.end()),
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (path: string) =>
      httpRequest(gateway.url + path, {
        agent,
        headers: { authorization: `Bearer ${gateway.tokens.token()}` },
      }).end();
    const first = send("/orders");
    while (gateway.upstream.requests.length === 0) await new Promise(setImmediate);
    const closing = gateway.server.close({ graceMs: 10_000 });
    release.resolve();
    const [response] = (await once(first, "response")) as [IncomingMessage];
    response.resume();
    expect(response.headers.connection).toBe("close");
    await closing;
    agent.destroy();
  });

  it("serves for drainDelayMs while /health/ready reports draining", async () => {
    await using gateway = await startGateway({ serve: { operationsPort: 0 } });
    const closing = gateway.server.close({ drainDelayMs: 3_600_000 });
    const health = await fetch(`${gateway.server.operationsUrl}/health/ready`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: "draining" }]);
    expect((await gateway.request("/health/ready")).status).toBe(503);
    expect((await gateway.request("/orders")).status).toBe(200);
    // A second close ends the delay.
    await gateway.server.close();
    await closing;
    await expect(gateway.request("/orders")).rejects.toThrow("fetch failed");
  });

  it("ends streams that outlast graceMs", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const response = await gateway.request("/orders");
    const started = performance.now();
    await gateway.server.close({ graceMs: 100 });
    expect(performance.now() - started).toBeGreaterThan(90);
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("leaves nothing behind that keeps the process running", async () => {
    const openResources = (): number =>
      process.getActiveResourcesInfo().filter((name) => name !== "Timeout").length;
    const before = openResources();
    {
      await using upstream = await startUpstream();
      const closing = await startGateway({ route: { upstream: upstream.url } });
      await closing.request("/orders");
      const body = new Blob(["in chunks"]).stream();
      await closing.request("/orders", { method: "POST", body, duplex: "half" } as RequestInit);
      await closing[Symbol.asyncDispose]();
      const open = (): Promise<number> =>
        new Promise((resolve) => upstream.server.getConnections((_error, count) => resolve(count)));
      while ((await open()) > 0) await new Promise(setImmediate);
    }
    await expect.poll(openResources, { interval: 5 }).toBeLessThanOrEqual(before + 1);
  });
});

describe("serveGateway", () => {
  it("names a port that is in use", async () => {
    await using gateway = await startGateway();
    const port = Number(new URL(gateway.url).port);
    const options = {
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }],
      revocations: false,
    } as const;
    await expect(serveGateway(options, { port })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`port: ${port} on 127.0.0.1 is already in use`) as string,
    });
  });

  it.each<[string, object]>([
    ['unknown field "operationPort"', { operationPort: 9_100 }],
    ["port: must be", { port: 65_536 }],
    ["port: must be", { port: "4001" }],
    ["host: must be", { host: "" }],
    ["reusePort: must be", { reusePort: "yes" }],
    ["headersTimeoutMs: must be", { headersTimeoutMs: 0 }],
    ["headersTimeoutMs: must be", { headersTimeoutMs: 3_600_001 }],
    ["keepAliveTimeoutMs: must be", { keepAliveTimeoutMs: 0.5 }],
    ["maxHeaderBytes: must be", { maxHeaderBytes: -1 }],
    ["maxHeaderBytes: must be", { maxHeaderBytes: 1_048_577 }],
    ["operationsPort: must be", { operationsPort: -1 }],
    ["operationsHost: must be", { operationsHost: "" }],
  ])("refuses the wrong option, and closes the gateway: %s", async (message, wrong) => {
    await using other = await startGateway();
    const gateway = createGateway({
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [{ prefix: "/orders", upstream: other.upstream.url }],
      jwks: other.tokens.jwks,
      revocations: false,
    });
    await expect(serveGateway(gateway, { port: 0, ...wrong })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`serveGateway: ${message}`) as string,
    });
    const headers = { authorization: `Bearer ${other.tokens.token()}` };
    const answer = await gateway.fetch(new Request("http://g.example/orders", { headers }));
    expect(answer.status).toBe(502);
  });

  it("closes the given gateway and its own listeners when it cannot listen", async () => {
    await using other = await startGateway();
    const operationsPort = await freePort();
    const route = { prefix: "/orders", upstream: other.upstream.url };
    const gateway = createGateway({
      issuer: ISSUER,
      apps: [ORDERS_APP],
      routes: [route],
      jwks: other.tokens.jwks,
      revocations: false,
    });
    const port = Number(new URL(other.url).port);
    await expect(serveGateway(gateway, { port, operationsPort })).rejects.toThrow("in use");
    const headers = { authorization: `Bearer ${other.tokens.token()}` };
    const answer = await gateway.fetch(new Request("http://g.example/orders", { headers }));
    expect(answer.status).toBe(502);
    expect(other.upstream.requests).toEqual([]);
    await using _next = await startGateway({ serve: { operationsPort } });
  });
});

describe("reloading", () => {
  it("that removes an upstream fails no request that must be repeated", async () => {
    const held: ServerResponse[] = [];
    const bodies: RequestInit = {
      method: "POST",
      body: new Blob(["x"]).stream(),
      duplex: "half",
    } as RequestInit;
    const both = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (request, response) => {
        // The first two requests wait, so that there are two connections.
        if (held.length === 2 || request.method === "POST") response.end("again");
        else if (held.push(response) === 2) both.resolve();
      },
    });
    // A chunked body opens a connection of the other client.
    expect(await (await gateway.request("/orders", bodies)).text()).toBe("again");
    const requests = [gateway.request("/orders/1"), gateway.request("/orders/2")];
    await both.promise;
    held[0]?.end("first");
    await Promise.race(requests);
    const others = [{ prefix: "/others", upstream: "http://127.0.0.1:9" }];
    gateway.server.gateway.reload({ apps: [ORDERS_APP], routes: others });
    held[1]?.socket?.destroy();
    const answers = await Promise.all(requests.map(async (each) => (await each).text()));
    expect(answers.toSorted()).toEqual(["again", "first"]);
    // No connection to the removed upstream stays open.
    const { server } = gateway.upstream;
    const open = (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    while ((await open()) > 0) await new Promise(setImmediate);
  });

  it("keeps connections to upstreams that stay, and to those that come back", async () => {
    const ports: (number | undefined)[] = [];
    await using gateway = await startGateway({
      handler: (request, response) => {
        ports.push(request.socket.remotePort);
        response.end();
      },
    });
    const reload = (upstream: string): void => {
      const routes = [{ prefix: "/orders", upstream }];
      gateway.server.gateway.reload({ apps: [ORDERS_APP], routes });
    };
    const send = async (): Promise<string> => (await gateway.request("/orders")).text();
    await send();
    reload(gateway.upstream.url);
    await send();
    reload("http://127.0.0.1:9");
    reload(gateway.upstream.url);
    await send();
    await send();
    const [first, , third] = ports;
    expect(ports).toEqual([first, first, third, third]);
    expect(first).not.toBe(third);
  });

  afterEach(() => vi.useRealTimers());

  it("applies the new policy to new requests, and the old one to open ones", async () => {
    await using other = await startUpstream();
    const release = Promise.withResolvers<void>();
    await using gateway = await startGateway({
      handler: (_request, response) => void release.promise.then(() => response.end("old")),
    });
    const open = gateway.request("/orders");
    while (gateway.upstream.requests.length === 0) await new Promise(setImmediate);
    gateway.server.gateway.reload({
      apps: [ORDERS_APP],
      routes: [{ prefix: "/bills", upstream: other.url }],
    });
    expect((await gateway.request("/bills")).status).toBe(200);
    expect((await gateway.request("/orders")).status).toBe(404);
    release.resolve();
    expect(await (await open).text()).toBe("old");
  });

  it("ends the streams and refuses the tokens of an app that was removed", async () => {
    await using gateway = await startGateway({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const response = await gateway.request("/orders");
    const routes = [{ prefix: "/orders", upstream: gateway.upstream.url }];
    gateway.server.gateway.reload({ apps: [PANE_APP], routes });
    await expect(response.text()).rejects.toThrow("terminated");
    expect((await gateway.request("/orders")).status).toBe(401);
  });

  it("refuses a request of a removed app, even if it waits for its rate limit", async () => {
    let reload = (): void => {};
    await using gateway = await startGateway({
      route: { rateLimit: { requests: 9, windowSeconds: 60 } },
      // Called when the token is verified, before the request is counted.
      gateway: { isRevoked: () => (reload(), false) },
    });
    const routes = [{ prefix: "/orders", upstream: gateway.upstream.url }];
    reload = () => gateway.server.gateway.reload({ apps: [PANE_APP], routes });
    const refused = await gateway.request("/orders");
    expect(await refused.json()).toMatchObject({ status: 401, reason: "audience-mismatch" });
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("applies a changed file, and ignores a broken one", async () => {
    using folder = temporaryFolder();
    await using upstream = await startUpstream();
    const file = join(folder.path, "gateway.json");
    const write = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    const config = (prefix: string, more: object = {}): string =>
      JSON.stringify({
        issuer: ISSUER,
        apps: [ORDERS_APP],
        routes: [{ prefix, upstream: upstream.url }],
        revocations: false,
        ...more,
      });
    write(config("/one"));
    const running = readGatewayConfig(file);
    await using gateway = await startGateway({ gateway: running });
    const send = async (path: string): Promise<number> => (await gateway.request(path)).status;
    const events: unknown[] = [];
    const next = async (change: () => void): Promise<unknown> => {
      change();
      while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return events.shift();
    };
    using watching = watchGatewayConfig(file, gateway.server.gateway, {
      running,
      onReload: () => events.push("reloaded"),
      onError: (error) => events.push(error),
    });
    expect(await next(() => write(config("/two")))).toBe("reloaded");
    expect([await send("/one"), await send("/two")]).toEqual([404, 200]);
    for (const broken of [
      "{",
      config("two"),
      config("/three", { limits: { circuitFailures: 1 } }),
    ]) {
      expect(await next(() => write(broken))).toMatchObject({ code: "CONFIG_INVALID" });
    }
    expect([await send("/three"), await send("/two")]).toEqual([404, 200]);
    writeFileSync(file, config("/four"));
    expect(await next(() => process.emit("SIGHUP"))).toBe("reloaded");
    expect(await send("/four")).toBe(200);
    watching.close();
  });

  it("reports a broken file once when a signal follows the edit", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "gateway.json");
    const routes = [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }];
    writeFileSync(file, JSON.stringify({ issuer: ISSUER, apps: [ORDERS_APP], routes }));
    const running = readGatewayConfig(file);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    using watching = watchGatewayConfig(file, { reload() {} }, { running, onError });
    const folderWatch = watch(folder.path);
    writeFileSync(file, "{");
    process.emit("SIGHUP");
    await once(folderWatch, "change");
    folderWatch.close();
    await new Promise(setImmediate);
    vi.advanceTimersByTime(1_000);
    expect(errors).toHaveLength(1);
    watching.close();
  });
});
