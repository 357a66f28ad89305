/** An issuer that is down, slow or wrong, or has new keys: what callers and operators see. */
import { systemClock } from "@breezeway/shared";
import { describe, expect, it } from "vitest";
import { startIssuer, type TestIssuer } from "@breezeway/test-support/issuer";
import { createSigner, type TestSigner } from "@breezeway/test-support/signer";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

interface Scene extends AsyncDisposable {
  readonly issuer: TestIssuer;
  readonly gateway: TestGateway;
  /** Advances the gateway's clock. */
  wait(ms: number): void;
  status(tokens?: TestSigner): Promise<number>;
}

async function start(prepare: (issuer: TestIssuer) => unknown = () => {}): Promise<Scene> {
  let offsetMs = 0;
  const tokens = createSigner();
  const issuer = await startIssuer(tokens);
  await prepare(issuer);
  const gateway = await startGateway({
    tokens,
    gateway: {
      issuer: issuer.url,
      jwks: `${issuer.url}/.well-known/jwks.json`,
      revocations: { maxRetryMs: 20 },
    },
    hooks: { clock: { ...systemClock(), now: () => Date.now() + offsetMs } },
  });
  await gateway.server.gateway.ready;
  return {
    issuer,
    gateway,
    wait: (ms) => {
      offsetMs += ms;
    },
    status: async (maker = tokens) => {
      const nowSeconds = Math.floor((Date.now() + offsetMs) / 1_000);
      const times = { iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + 60 };
      const authorization = `Bearer ${maker.token({ iss: issuer.url, ...times })}`;
      return (await gateway.request("/orders", { headers: { authorization } })).status;
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

async function readiness({ gateway }: Scene): Promise<unknown> {
  const response = await fetch(`${gateway.url}/health/ready`);
  return { code: response.status, ...((await response.json()) as object) };
}

describe("an issuer that", () => {
  it("is down at start delays no request, and is retried", async () => {
    await using scene = await start((issuer) => issuer.stop());
    expect(await scene.status()).toBe(503);
    expect(await readiness(scene)).toMatchObject({ code: 503, checks: { keys: "unavailable" } });
    await scene.issuer.start();
    scene.wait(5_001);
    expect(await scene.status()).toBe(200);
    while (((await readiness(scene)) as { status: string }).status !== "ok") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  it("goes down later has no effect while the cached keys are fresh", async () => {
    await using scene = await start();
    expect(await scene.status()).toBe(200);
    await scene.issuer.stop();
    for (const minutes of [1, 10, 30]) {
      scene.wait(minutes * 60_000);
      expect(await scene.status(), `${minutes} minutes on`).toBe(200);
    }
    scene.wait(30 * 60_000);
    expect(await scene.status()).toBe(503);
  });

  it("has a new key is trusted at the first token", async () => {
    await using scene = await start();
    const next = createSigner("key-2");
    const old = scene.gateway.tokens.jwks.keys;
    scene.issuer.keys = (response) =>
      void response.end(JSON.stringify({ keys: [...old, ...next.jwks.keys] }));
    scene.wait(5_001);
    expect(await scene.status(next)).toBe(200);
    expect(await scene.status()).toBe(200);
  });

  it("withdraws a key is trusted too, also for cached tokens", async () => {
    await using scene = await start();
    const next = createSigner("key-2");
    expect(await scene.status()).toBe(200);
    scene.issuer.keys = (response) => void response.end(JSON.stringify(next.jwks));
    scene.wait(5_001);
    expect(await scene.status(next)).toBe(200);
    scene.wait(5_001);
    expect(await scene.status()).toBe(401);
  });

  it.each<[string, TestIssuer["keys"]]>([
    ["has no keys", (response) => void response.end('{"keys":[]}')],
    ["sends no JSON", (response) => void response.end("<html>")],
    ["fails", (response) => void response.writeHead(500).end()],
    ["redirects", (response) => void response.writeHead(302, { location: "/other" }).end()],
    ["sends 10 MB", (response) => void response.end(Buffer.alloc(10_000_000, " "))],
    // Longer than the 5 s that a fetch of keys may take.
    ["hangs", () => {}],
    ["dies while it answers", (response) => void response.write("{", () => response.destroy())],
  ])("%s causes refusals that name the reason", async (_name, keys) => {
    await using scene = await start((issuer) => {
      issuer.keys = keys;
    });
    expect(await scene.status()).toBe(503);
    expect(await readiness(scene)).toMatchObject({ code: 503 });
    const metrics = await (await fetch(`${scene.gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/breezeway_gateway_keys_fetch_failures_total [1-9]/);
    expect(scene.gateway.upstream.requests).toEqual([]);
  });
});
