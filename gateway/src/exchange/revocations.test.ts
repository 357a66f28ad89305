import { once } from "node:events";
import { systemClock } from "@breezeway/shared";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { startIssuer, type TestIssuer } from "@breezeway/test-support/issuer";
import { startRelay } from "@breezeway/test-support/relay";
import { createSigner } from "@breezeway/test-support/signer";
import { startGateway, type StartOptions, type TestGateway } from "../../test-support/start.ts";
import { MAX_LOSS_MS } from "./revocations.ts";

interface Scene extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly gateway: TestGateway;
  request(claims?: object): Promise<Response>;
}

async function start(options: StartOptions = {}): Promise<Scene> {
  const tokens = createSigner();
  const issuer = await startIssuer(tokens);
  const gateway = await startGateway({
    ...options,
    tokens,
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    gateway: {
      issuer: issuer.url,
      jwks: `${issuer.url}/.well-known/jwks.json`,
      revocations: { maxRetryMs: 20 },
      ...options.gateway,
    },
  });
  await until(() => issuer.followers === 1);
  return {
    issuer,
    gateway,
    request: (claims) => {
      const authorization = `Bearer ${tokens.token({ iss: issuer.url, ...claims })}`;
      return gateway.request("/orders", { headers: { authorization } });
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const ready = async (gateway: TestGateway): Promise<unknown> =>
  (await fetch(`${gateway.url}/health/ready`)).json();

describe("a revocation", () => {
  it.each([
    ["session", { kind: "session", id: "session-1" }],
    ["user", { kind: "user", id: "alice" }],
    ["user in a tenant", { kind: "user", id: "alice", tenantId: "acme" }],
    ["tenant", { kind: "tenant", id: "acme" }],
    ["app", { kind: "app", id: "orders" }],
  ] as const)("of a %s refuses its tokens, also those seen before", async (_name, revocation) => {
    await using scene = await start();
    const token = scene.gateway.tokens.token({ iss: scene.issuer.url });
    const send = (): Promise<Response> =>
      scene.gateway.request("/orders", { headers: { authorization: `Bearer ${token}` } });
    expect((await send()).status).toBe(200);
    scene.issuer.revoke(revocation);
    await until(async () => (await send()).status === 401);
    expect(await (await send()).json()).toMatchObject({
      reason: "session-revoked",
      action: "login",
    });
    const other = {
      sid: "s2",
      sub: "bob",
      userId: "bob",
      tenantId: "globex",
      aud: "customer-pane",
    };
    expect((await scene.request(other)).status).not.toBe(401);
  });

  it("of a key refuses its tokens, also cached ones, and ends their streams", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const stream = (await scene.request()).body!.getReader();
    await stream.read();
    scene.issuer.revoke({ kind: "key", id: "another-key" });
    scene.issuer.revoke({ kind: "key", id: "key-1" });
    await expect(stream.read()).rejects.toThrow("terminated");
    // Clients get a new token, signed by another key. The key set still has the removed key.
    expect(await (await scene.request()).json()).toMatchObject({
      reason: "key-unknown",
      action: "refresh",
    });
  });

  it("ends the open streams that it names, and no others", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const alice = (await scene.request()).body!.getReader();
    const bob = (await scene.request({ sid: "s2", sub: "bob", userId: "bob" })).body!.getReader();
    await alice.read();
    await bob.read();
    scene.issuer.revoke({ kind: "user", id: "alice" });
    await expect(alice.read()).rejects.toThrow("terminated");
    const silence = new Promise((resolve) => setTimeout(resolve, 50, "still open"));
    expect(await Promise.race([bob.read(), silence])).toBe("still open");
    await bob.cancel();
    const metrics = await (await fetch(`${scene.gateway.url}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_streams_revoked_total 1");
  });

  it("of a user in another tenant does not end the user's streams", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const alice = (await scene.request()).body!.getReader();
    const bob = (await scene.request({ sid: "s2", sub: "bob", userId: "bob" })).body!.getReader();
    await alice.read();
    await bob.read();
    scene.issuer.revoke({ kind: "user", id: "alice", tenantId: "globex" });
    scene.issuer.revoke({ kind: "user", id: "bob" });
    await expect(bob.read()).rejects.toThrow("terminated");
    const metrics = await (await fetch(`${scene.gateway.url}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_streams_revoked_total 1");
    await alice.cancel();
  });

  it("of a session ends its streams even if the issuer's clock is behind", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const iat = Math.floor(Date.now() / 1_000) + 3;
    const stream = (await scene.request({ iat, nbf: iat, exp: iat + 60 })).body!.getReader();
    await stream.read();
    scene.issuer.revoke({ kind: "session", id: "session-1" });
    await expect(stream.read()).rejects.toThrow("terminated");
  });

  it("of a user does not affect sessions that began after it", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const iat = Math.floor(Date.now() / 1_000) + 3;
    const later = { iat, nbf: iat, exp: iat + 60, sid: "s2" };
    const stream = (await scene.request(later)).body!.getReader();
    await stream.read();
    const early = (await scene.request()).body!.getReader();
    await early.read();
    scene.issuer.revoke({ kind: "user", id: "alice", atSeconds: iat - 1 });
    await expect(early.read()).rejects.toThrow("terminated");
    const silence = new Promise((resolve) => setTimeout(resolve, 50, "still open"));
    expect(await Promise.race([stream.read(), silence])).toBe("still open");
    await stream.cancel();
  });

  it.each([
    ["/orders", {}],
    ["/authz", { "x-forwarded-method": "GET", "x-forwarded-uri": "/orders" }],
  ])("that arrives while the rate limit is counted is applied at %s", async (path, headers) => {
    let isRevoked = false;
    await using gateway = await startGateway({
      route: { rateLimit: { requests: 9, windowSeconds: 60 } },
      gateway: {
        // The verifier calls it first, then the exchange before it sends the request.
        isRevoked: () => {
          const answer = isRevoked;
          isRevoked = true;
          return answer;
        },
      },
    });
    const authorization = `Bearer ${gateway.tokens.token()}`;
    const answer = await gateway.request(path, { headers: { ...headers, authorization } });
    expect(answer.status).toBe(401);
    expect(gateway.upstream.requests).toEqual([]);
  });

  it("refuses a request that still waits for its upstream", async () => {
    await using scene = await start({ handler: () => {} });
    const pending = scene.request();
    await until(() => scene.gateway.upstream.requests.length === 1);
    scene.issuer.revoke({ kind: "session", id: "session-1" });
    const response = await pending;
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ reason: "session-revoked" });
  });

  it("closes WebSockets", async () => {
    await using scene = await start();
    const sockets = new WebSocketServer({ server: scene.gateway.upstream.server });
    const socket = new WebSocket(`${scene.gateway.url.replace("http", "ws")}/orders`, {
      headers: { authorization: `Bearer ${scene.gateway.tokens.token({ iss: scene.issuer.url })}` },
    });
    await once(socket, "open");
    const upstreamClosed = Promise.all([...sockets.clients].map((each) => once(each, "close")));
    scene.issuer.revoke({ kind: "session", id: "session-1" });
    await once(socket, "close");
    await upstreamClosed;
    sockets.close();
  });
});

describe("a lost feed", () => {
  it("shows in readiness and metrics, refuses no request, and misses nothing when it is back", async () => {
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
    });
    const stream = (await scene.request()).body!.getReader();
    await stream.read();
    expect(await ready(scene.gateway)).toMatchObject({ status: "ok" });
    await scene.issuer.stop();
    await until(async () => {
      const state = (await ready(scene.gateway)) as { checks: { revocations: string } };
      return state.checks.revocations === "lost";
    });
    expect(await ready(scene.gateway)).toMatchObject({ status: "degraded" });
    const metrics = await (await fetch(`${scene.gateway.url}/metrics`)).text();
    expect(metrics).toContain("breezeway_gateway_revocation_feed_live 0");
    expect(metrics).toMatch(/breezeway_gateway_revocation_lag_seconds \d/);
    expect((await scene.request({ sid: "s3" })).status).toBe(200);
    // Revoked while the feed was lost.
    scene.issuer.revoke({ kind: "session", id: "session-1" });
    await scene.issuer.start();
    await expect(stream.read()).rejects.toThrow("terminated");
    expect((await scene.request()).status).toBe(401);
  });

  it("that stops sending without an end is reconnected, and misses nothing", async () => {
    const tokens = createSigner();
    await using issuer = await startIssuer({ ...tokens, heartbeatMs: 20 });
    await using relay = await startRelay(Number(new URL(issuer.url).port));
    await using gateway = await startGateway({
      tokens,
      gateway: {
        issuer: issuer.url,
        jwks: `${issuer.url}/.well-known/jwks.json`,
        revocations: {
          url: issuer.feedUrl.replace(/:\d+/, `:${relay.port}`),
          maxSilenceMs: 3_000,
          maxRetryMs: 20,
        },
      },
    });
    await until(() => issuer.followers === 1);
    const authorization = `Bearer ${tokens.token({ iss: issuer.url })}`;
    const send = async (): Promise<number> =>
      (await gateway.request("/orders", { headers: { authorization } })).status;
    expect(await send()).toBe(200);
    const lag = async (): Promise<number> => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      return Number(/revocation_lag_seconds ([\d.]+)/.exec(metrics)?.[1]);
    };
    relay.stall();
    issuer.revoke({ kind: "session", id: "session-1" });
    // The gateway cannot know yet, since the connection looks healthy. Only the lag grows.
    expect(await send()).toBe(200);
    await until(async () => (await lag()) > 0.2);
    await until(async () => (await send()) === 401);
    expect(await ready(gateway)).toMatchObject({ status: "ok", checks: { revocations: "live" } });
  });

  it("ends streams with expired tokens once it was lost for MAX_LOSS_MS", async () => {
    let offsetMs = 0;
    const system = systemClock();
    await using scene = await start({
      handler: (_request, response) => void response.write("data: 1\n\n"),
      hooks: {
        clock: {
          ...system,
          now: () => Date.now() + offsetMs,
          monotonic: () => system.monotonic() + offsetMs,
        },
      },
    });
    const nowSeconds = (): number => Math.floor((Date.now() + offsetMs) / 1_000);
    const open = async (sid: string): Promise<ReadableStreamDefaultReader> => {
      const times = { iat: nowSeconds(), nbf: nowSeconds(), exp: nowSeconds() + 60 };
      const reader = (await scene.request({ sid, ...times })).body!.getReader();
      await reader.read();
      return reader;
    };
    const stream = await open("s1");
    await scene.issuer.stop();
    offsetMs = MAX_LOSS_MS - 10_000;
    const silence = new Promise((resolve) => setTimeout(resolve, 1_100, "still open"));
    const next = stream.read();
    expect(await Promise.race([next, silence])).toBe("still open");
    offsetMs = MAX_LOSS_MS + 10_000;
    const young = await open("s2");
    await expect(next).rejects.toThrow("terminated");
    const still = new Promise((resolve) => setTimeout(resolve, 600, "still open"));
    expect(await Promise.race([young.read(), still])).toBe("still open");
    await young.cancel();
  });
});

describe("a live feed", () => {
  it("ends no stream when the clock is set forward", async () => {
    let offsetMs = 0;
    const tokens = createSigner();
    // The feed sends its first heartbeat only, for the duration of this test.
    await using issuer = await startIssuer({ ...tokens, heartbeatMs: 600_000 });
    await using gateway = await startGateway({
      tokens,
      handler: (_request, response) => void response.write("data: 1\n\n"),
      gateway: {
        issuer: issuer.url,
        jwks: `${issuer.url}/.well-known/jwks.json`,
        revocations: { maxSilenceMs: 300_000 },
      },
      hooks: { clock: { ...systemClock(), now: () => Date.now() + offsetMs } },
    });
    await until(() => issuer.followers === 1);
    const authorization = `Bearer ${tokens.token({ iss: issuer.url })}`;
    const stream = (await gateway.request("/orders", { headers: { authorization } })).body!;
    const reader = stream.getReader();
    await reader.read();
    offsetMs = 10 * MAX_LOSS_MS;
    // Longer than one tick of the open exchanges.
    const silence = new Promise((resolve) => setTimeout(resolve, 1_100, "still open"));
    expect(await Promise.race([reader.read(), silence])).toBe("still open");
    await reader.cancel();
  });
});
