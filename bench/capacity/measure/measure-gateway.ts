/** Measures what requests and connections cost a gateway, over real HTTP. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "@breezeway/test-support/redis";
import { createTokenSource, type TokenSource } from "../../gateway/tokens.ts";
import type { Units } from "../units.ts";
import { assertSucceeded, gatewayRequest, openConnections } from "./http-load.ts";
import { RATES } from "./paced.ts";
import type { Settings } from "./protocol.ts";
import { startServer, type ServerProcess } from "./server-process.ts";

export type GatewayUnits = Pick<Units, "gatewayCpuMs" | "gatewayBytes" | "redisCommands">;

const REQUESTS = 3_000;
const REPEATED_TOKENS = 200;
const WARM_UP_TOKENS = 3_000;
const CONNECTIONS = 16;
const IDLE_CONNECTIONS = 3_000;
/** Below the requests that one address may have at once. */
const AT_ONCE = 20;
const IDLE_SECONDS = 10;

const UPSTREAM = fileURLToPath(new URL("../../gateway/upstream.ts", import.meta.url));

export interface Upstream extends Disposable {
  readonly port: number;
}

/** The service behind the gateway, in a process of its own. */
export async function startUpstream(): Promise<Upstream> {
  const child = fork(UPSTREAM);
  const [port] = (await once(child, "message")) as [number];
  return { port, [Symbol.dispose]: () => void child.kill() };
}

export async function measureGateway(): Promise<GatewayUnits & { readonly redis: string }> {
  using upstream = await startUpstream();
  const tokens = createTokenSource();
  const settings: Settings = {
    upstreamPort: upstream.port,
    jwks: { keys: [tokens.jwk] },
  };
  const alone = await measureAlone(settings, tokens);
  await using redis = await startRedis();
  const infoOf = async (name: string): Promise<string> => {
    const text = String(await redis.client.sendCommand(["INFO"]));
    return new RegExp(`^${name}:(.+?)\r?$`, "mu").exec(text)?.[1] ?? "";
  };
  await using limited = await startServer("gateway", { ...settings, redis: redis.url });
  const repeated = await warm(limited, tokens);
  const before = Number(await infoOf("total_commands_processed"));
  const cpuMs = await cpuOf(limited, repeated);
  // The first of the two questions counts itself.
  const commands = Number(await infoOf("total_commands_processed")) - before - 1;
  return {
    gatewayCpuMs: {
      ...alone.cpuMs,
      sharedLimit: Math.max(0, cpuMs - alone.cpuMs.repeatedToken),
    },
    gatewayBytes: alone.bytes,
    redisCommands: { sharedLimit: commands / REQUESTS },
    redis: await infoOf("redis_version"),
  };
}

interface Alone {
  readonly cpuMs: Omit<Units["gatewayCpuMs"], "sharedLimit">;
  readonly bytes: Units["gatewayBytes"];
}

async function measureAlone(settings: Settings, tokens: TokenSource): Promise<Alone> {
  await using gateway = await startServer("gateway", settings);
  const repeated = await warm(gateway, tokens);
  // A process under load holds more than one that has just started.
  const { rss } = await gateway.usage();
  const idle = await cpuMsDuring(gateway, () => sleep(IDLE_SECONDS * 1_000));
  const repeatedToken = await cpuOf(gateway, repeated);
  const fresh = requestsOf(tokens, REQUESTS, REQUESTS);
  const heapBefore = (await gateway.usage(true)).heapUsed;
  const newToken = await cpuOf(gateway, fresh);
  const tokenInMemory = ((await gateway.usage(true)).heapUsed - heapBefore) / REQUESTS;
  const rssBefore = (await gateway.usage(true)).rss;
  using idleConnections = new DisposableStack();
  for (let open = 0; open < IDLE_CONNECTIONS; open += AT_ONCE) {
    const some = idleConnections.use(openConnections(gateway.port, AT_ONCE));
    assertSucceeded(await some.send(repeated.slice(0, AT_ONCE)));
  }
  const idleConnection = ((await gateway.usage(true)).rss - rssBefore) / IDLE_CONNECTIONS;
  return {
    cpuMs: { idlePerSecond: idle / IDLE_SECONDS, repeatedToken, newToken },
    bytes: {
      process: rss - (WARM_UP_TOKENS + REPEATED_TOKENS) * tokenInMemory,
      tokenInMemory,
      idleConnection,
    },
  };
}

/** @returns requests whose tokens the gateway knows */
async function warm(gateway: ServerProcess, tokens: TokenSource): Promise<readonly string[]> {
  const repeated = requestsOf(tokens, REPEATED_TOKENS, REQUESTS);
  using connections = openConnections(gateway.port, CONNECTIONS);
  for (const requests of [requestsOf(tokens, WARM_UP_TOKENS, WARM_UP_TOKENS), repeated]) {
    assertSucceeded(await connections.send(requests));
  }
  return repeated;
}

function requestsOf(tokens: TokenSource, different: number, count: number): readonly string[] {
  const requests = Array.from({ length: different }, () => gatewayRequest(tokens.next()));
  return Array.from({ length: count }, (_, n) => requests[n % different] ?? "");
}

/** Processor time of one request, at the rate of a process that is half busy. */
async function cpuOf(gateway: ServerProcess, requests: readonly string[]): Promise<number> {
  using connections = openConnections(gateway.port, CONNECTIONS);
  const cpuMs = await cpuMsDuring(gateway, async () => {
    assertSucceeded(await connections.sendPaced(requests, RATES.requests));
  });
  return cpuMs / requests.length;
}

async function cpuMsDuring(gateway: ServerProcess, run: () => Promise<unknown>): Promise<number> {
  const before = (await gateway.usage()).cpuMs;
  await run();
  return (await gateway.usage()).cpuMs - before;
}
