import { fork, type ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startIssuer } from "@breezeway/test-support/issuer";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { createProver, PUBLIC_URL } from "@breezeway/test-support/prover";
import { redisServer, startRedis } from "@breezeway/test-support/redis";
import { createSigner } from "@breezeway/test-support/signer";
import { startUpstream } from "@breezeway/test-support/upstream";
import { ORDERS_APP } from "../../test-support/apps.ts";
import { startGateway } from "../../test-support/start.ts";
import { serveGatewayCluster } from "./serve-cluster.ts";

const PRIMARY = fileURLToPath(new URL("../../test-support/cluster-primary.ts", import.meta.url));

interface Told {
  readonly url?: string;
  readonly operationsUrl?: string;
  readonly pids?: readonly number[];
  readonly error?: string;
  readonly failed?: string;
}

interface Primary extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The next message. No message is skipped. Rejects when the process has exited. */
  next(): Promise<Told>;
  /** Skips messages until this one. */
  nextError(part: string): Promise<void>;
  pids(): Promise<readonly number[]>;
}

interface PrimaryOptions {
  /** A signal that it sends to itself while it starts. */
  readonly signal?: string;
  readonly options?: object;
  readonly env?: NodeJS.ProcessEnv;
}

function startPrimary(
  config: string,
  { signal = "", options = {}, env }: PrimaryOptions = {},
): Primary {
  const child = fork(PRIMARY, [config, signal, JSON.stringify(options)], {
    env: { ...process.env, ...env },
    execArgv: ["--conditions=@breezeway/source"],
    silent: true,
  });
  const exited = once(child, "exit");
  const told = on(child, "message", { close: ["exit"] }) as AsyncIterator<[Told], unknown>;
  const next = async (): Promise<Told> => {
    const message = await told.next();
    if (message.done === true) throw new Error("The primary process has exited.");
    return message.value[0];
  };
  return {
    child,
    next,
    nextError: async (part) => {
      for (;;) {
        const { error, failed } = await next();
        if (failed !== undefined) throw new Error(`The primary process did not start: ${failed}`);
        if (error?.includes(part) === true) return;
      }
    },
    pids: async () => {
      child.send("pids");
      for (;;) {
        const { pids } = await next();
        if (pids !== undefined) return pids;
      }
    },
    [Symbol.asyncDispose]: async () => {
      // The process may already be exiting, and then receives no message.
      if (child.exitCode === null && child.connected) child.send("close", () => {});
      await exited;
    },
  };
}

describe("a cluster", () => {
  it("shares one port, limits and metrics, and replaces a worker that exits", async () => {
    using folder = temporaryFolder();
    const tokens = createSigner();
    await using issuer = await startIssuer(tokens);
    await using upstream = await startUpstream();
    const file = join(folder.path, "gateway.json");
    const write = (prefix: string, more: object = {}): void => {
      const limited = { prefix: "/limited", upstream: upstream.url };
      const rateLimit = { requests: 5, windowSeconds: 60 };
      const routes = [
        { prefix, upstream: upstream.url },
        { ...limited, rateLimit },
      ];
      const config = { issuer: issuer.url, apps: [ORDERS_APP], routes, ...more };
      writeFileSync(file, JSON.stringify(config));
    };
    write("/orders");
    await using primary = startPrimary(file);
    const { url, operationsUrl } = await primary.next();
    const send = async (path: string): Promise<number> => {
      const headers = {
        authorization: `Bearer ${tokens.token({ iss: issuer.url })}`,
        connection: "close",
      };
      const response = await fetch(`${url}${path}`, { headers });
      await response.text();
      return response.status;
    };
    const many = (path: string, count: number): Promise<number[]> =>
      Promise.all(Array.from({ length: count }, () => send(path)));

    expect(new Set(await many("/orders", 20))).toEqual(new Set([200]));
    const limited = await many("/limited", 12);
    expect(limited.filter((status) => status === 200)).toHaveLength(5);

    const whole = { status: "ok", checks: { keys: "ok", revocations: "live" } };
    const readiness = async (): Promise<unknown> =>
      (await fetch(`${operationsUrl}/health/ready`)).json();
    const bothReady = { status: "ok", workers: [whole, whole] };
    await expect.poll(readiness).toEqual(bothReady);
    const metrics = await (await fetch(`${operationsUrl}/metrics`)).text();
    expect(metrics).toContain(
      'breezeway_gateway_requests_total{route="/orders",status="200",reason=""} 20',
    );
    expect(metrics).toMatch(/^breezeway_gateway_revocation_feed_live 1$/m);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);

    const before = await primary.pids();
    expect(before).toHaveLength(2);
    process.kill(before[0] ?? 0, "SIGKILL");
    while (!(await primary.pids()).some((pid) => !before.includes(pid))) {
      // Connections of the exited worker are reset at once.
      expect([200, "reset"]).toContain(await send("/orders").catch(() => "reset"));
    }
    await expect.poll(readiness).toEqual(bothReady);

    write("/bills");
    primary.child.send("reload");
    while (new Set(await many("/bills", 6)).has(404)) await primary.pids();
    expect(new Set(await many("/orders", 6))).toEqual(new Set([404]));
    writeFileSync(file, "{");
    primary.child.send("reload");
    await primary.nextError("not valid JSON");
    write("/bills", { tracing: true });
    primary.child.send("reload");
    await primary.nextError("tracing: a change requires a restart");
    expect(await send("/bills")).toBe(200);

    // No replacement can start until the file is valid again.
    write("bills");
    for (const pid of await primary.pids()) process.kill(pid, "SIGKILL");
    await primary.nextError("routes[0].prefix");
    write("/bills");
    while ((await send("/bills").catch(() => "refused")) !== 200);
  });

  it("continues to start when it gets a reload meanwhile", async () => {
    using folder = temporaryFolder();
    await using issuer = await startIssuer(createSigner());
    const file = join(folder.path, "gateway.json");
    const routes = [{ prefix: "/orders", upstream: "http://127.0.0.1:4020" }];
    writeFileSync(file, JSON.stringify({ issuer: issuer.url, apps: [ORDERS_APP], routes }));
    await using primary = startPrimary(file, { signal: "SIGHUP" });
    expect(await primary.next()).toHaveProperty("url");
  });

  it("reports a wrong configuration before it starts a worker", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "gateway.json");
    writeFileSync(file, JSON.stringify({ issuer: "nonsense" }));
    await using primary = startPrimary(file);
    expect((await primary.next()).failed).toContain("issuer");
  });

  it.runIf(redisServer)(
    "shares limits, and uses of proofs, with gateways elsewhere through a store",
    async () => {
      using folder = temporaryFolder();
      const tokens = createSigner();
      await using issuer = await startIssuer(tokens);
      await using redis = await startRedis();
      await using other = await startRedis();
      const rateLimit = { requests: 4, windowSeconds: 60 };
      await using gateway = await startGateway({
        tokens,
        route: { rateLimit },
        gateway: {
          issuer: issuer.url,
          rateLimitStore: { kind: "redis", url: redis.url, timeoutMs: 5_000 },
          proof: { publicUrls: PUBLIC_URL },
        },
      });
      const file = join(folder.path, "gateway.json");
      const write = (variable: string): void =>
        writeFileSync(
          file,
          JSON.stringify({
            issuer: issuer.url,
            apps: [ORDERS_APP],
            routes: [{ prefix: "/orders", upstream: gateway.upstream.url, rateLimit }],
            proof: { publicUrls: PUBLIC_URL },
            rateLimitStore: { kind: "redis", url: { env: variable }, timeoutMs: 5_000 },
          }),
        );
      const env = { STORE: redis.url, OTHER_STORE: other.url };
      write("STORE");
      await using byFile = startPrimary(file, { env });
      const one = (await byFile.next()).url ?? "";
      write("OTHER_STORE");
      byFile.child.send("reload");
      await byFile.nextError("rateLimitStore: a change requires a restart");
      const { url } = redis;
      const options = { rateLimitStore: { kind: "redis", url, timeoutMs: 5_000 } };
      await using byOption = startPrimary(file, { env, options });
      const two = (await byOption.next()).url ?? "";

      const send = async (to: string, headers: HeadersInit): Promise<number> =>
        (await fetch(`${to}/orders`, { headers })).status;
      const prover = createProver();
      const copied = prover.headers(tokens.token({ ...prover.bound, iss: issuer.url }), "/orders");
      expect(await send(one, copied)).toBe(200);
      for (const to of [one, two, gateway.url, two, one]) expect(await send(to, copied)).toBe(401);

      const authorization = `Bearer ${tokens.token({ iss: issuer.url })}`;
      const all = [one, two, gateway.url, one, two, gateway.url];
      const statuses = await Promise.all(all.map((to) => send(to, { authorization })));
      // The request with the proof was from the same user.
      expect(statuses.filter((status) => status === 200)).toHaveLength(3);
      expect(await other.client.sendCommand(["DBSIZE"])).toBe(0);
    },
  );

  it("shares used proofs among its workers, also while the primary process is frozen for a second", async () => {
    using folder = temporaryFolder();
    const tokens = createSigner();
    await using issuer = await startIssuer(tokens);
    await using upstream = await startUpstream();
    const file = join(folder.path, "gateway.json");
    const routes = [{ prefix: "/orders", upstream: upstream.url }];
    const proof = { publicUrls: PUBLIC_URL };
    writeFileSync(file, JSON.stringify({ issuer: issuer.url, apps: [ORDERS_APP], routes, proof }));
    await using primary = startPrimary(file);
    const { url } = await primary.next();
    const prover = createProver();
    const headers = {
      ...prover.headers(tokens.token({ ...prover.bound, iss: issuer.url }), "/orders"),
      // Each request has its own connection, which the system gives to one of the workers.
      connection: "close",
    };
    primary.child.kill("SIGSTOP");
    setTimeout(() => primary.child.kill("SIGCONT"), 1_000);
    const all = Array.from(
      { length: 20 },
      async () => (await fetch(`${url}/orders`, { headers })).status,
    );
    const passed = (await Promise.all(all)).filter((status) => status === 200);
    expect(passed).toHaveLength(1);
    expect(upstream.requests).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['unknown field "operationPort"', { operationPort: 9100 }],
    ["workers: must be", { workers: 0 }],
    ["workers: must be", { workers: "2" }],
    ["port: must be", { port: 70_000 }],
    ["host: must be a name", { host: "" }],
    ["operationsPort: must be", { operationsPort: -1 }],
    ["operationsHost: must be a name", { operationsHost: "" }],
    ["config: must be the path", { config: "" }],
    ["onError: must be a function", { onError: "stderr" }],
    ["rateLimitStore.url", { rateLimitStore: { kind: "redis", client: {} } }],
    ["rateLimitStore.url: must be a URL", { rateLimitStore: { kind: "redis", url: "secret" } }],
    ["rateLimitStore.kind: must be", { rateLimitStore: { kind: "files", url: "secret" } }],
  ])("refuses the wrong option by name: %s", async (message, wrong) => {
    const starting = serveGatewayCluster({ config: "none.json", ...wrong });
    await expect(starting).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`serveGatewayCluster: ${message}`) as string,
    });
    await expect(starting).rejects.not.toThrow("secret");
  });
});
