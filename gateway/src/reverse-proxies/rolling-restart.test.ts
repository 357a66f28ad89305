/** Two gateways are restarted under load, one after the other, behind the real reverse proxies. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, request as startRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "@breezeway/test-support/free-port";
import { createSigner, type TestSigner } from "@breezeway/test-support/signer";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { startUpstream } from "@breezeway/test-support/upstream";
import {
  adapt,
  reverseProxies,
  runProxy,
  startProxyProgram,
  type ProxyAddresses,
  type ReverseProxy,
} from "../../test-support/reverse-proxies.ts";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

const GUIDE = fileURLToPath(new URL("../../../docs/guides/reverse-proxies.md", import.meta.url));
/** Requests under way at any time. */
const CLIENTS = 6;
/** Requests that show whether a proxy still uses a gateway. */
const SAMPLE = 60;
const LONG_MS = 600_000;

/** How a proxy learns that a gateway stops: it checks its health, or is refused a connection. */
type Notices = "checks" | "refusal";

interface Setting {
  readonly reverseProxy: ReverseProxy;
  readonly notices: Notices;
  readonly start: (stack: AsyncDisposableStack, addresses: ProxyAddresses) => Promise<string>;
}

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const byName = (name: string): ReverseProxy => {
  const found = reverseProxies.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no proxy ${name}.`);
  return found;
};

/** The proxy asks, with its shipped configuration. */
function asking(name: string, notices: Notices): Setting {
  const reverseProxy = byName(name);
  return {
    reverseProxy,
    notices,
    start: async (opened, addresses) =>
      opened.use(await startProxyProgram(reverseProxy, addresses)).url,
  };
}

/** The gateway proxies, behind the guide's part of a configuration. */
function inFront(name: string, language: string, notices: Notices): Setting {
  const reverseProxy = byName(name);
  return {
    reverseProxy,
    notices,
    start: async (opened, addresses) => {
      const folder = opened.use(temporaryFolder()).path;
      const port = await freePort();
      const text = adapt(blockOf(language), { ...addresses, port, folder });
      writeFileSync(join(folder, reverseProxy.file), text);
      opened.use(await runProxy(reverseProxy, folder, port));
      return `http://127.0.0.1:${port}`;
    },
  };
}

function blockOf(language: string): string {
  const [, section = ""] = readFileSync(GUIDE, "utf8").split(
    "\n## Restart without losing requests\n",
  );
  const [, block = ""] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(section) ?? [];
  if (language === "nginx") return `events {} http { access_log off; ${block} }`;
  return language === "caddyfile" ? `{\n\tadmin off\n\tauto_https off\n}\n${block}` : block;
}

interface CountingGateway {
  readonly gateway: TestGateway;
  /** Requests that the gateway has decided about. */
  readonly served: () => number;
}

interface GatewayPlace {
  readonly upstream: string;
  readonly tokens: TestSigner;
  readonly port?: number;
}

async function startCounting(place: GatewayPlace): Promise<CountingGateway> {
  let served = 0;
  const gateway = await startGateway({
    tokens: place.tokens,
    route: { upstream: place.upstream, apps: ["orders"] },
    gateway: {
      algorithms: [place.tokens.alg],
      isRevoked: () => {
        served += 1;
        return false;
      },
    },
    serve: { port: place.port ?? 0 },
  });
  return { gateway: stack.use(gateway), served: () => served };
}

/** Clients that send one request after the other, reads and writes in turn, until they are stopped. */
function startLoad(url: string, token: string) {
  const agent = stack.adopt(new Agent({ keepAlive: true, maxSockets: CLIENTS }), (open) =>
    open.destroy(),
  );
  const state = { sent: 0, isOver: false };
  const lost: string[] = [];

  async function sendOne(index: number): Promise<void> {
    const method = index % 2 === 0 ? "GET" : "POST";
    const headers = { authorization: `Bearer ${token}` };
    const request = startRequest(`${url}/orders/${index}`, { method, headers, agent });
    request.end(method === "POST" ? "an order" : undefined);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await once(response.resume(), "end");
    if (response.statusCode !== 200) lost.push(`${method} ${index}: ${response.statusCode}`);
  }
  async function sendMany(): Promise<void> {
    while (!state.isOver) {
      const index = (state.sent += 1);
      await sendOne(index).catch((error: unknown) => lost.push(`${index}: ${String(error)}`));
    }
  }
  const clients = Promise.all(Array.from({ length: CLIENTS }, sendMany));
  return {
    lost,
    /** Resolves after this many further requests. */
    async after(count: number): Promise<void> {
      const until = state.sent + count;
      while (state.sent < until) await new Promise(setImmediate);
    },
    async stop(): Promise<void> {
      state.isOver = true;
      await clients;
    },
  };
}

const SETTINGS: readonly [string, Setting][] = [
  ["nginx, asking the gateways", asking("nginx", "refusal")],
  ["Caddy, asking the gateways", asking("Caddy", "checks")],
  ["HAProxy, asking the gateways by Lua", asking("HAProxy, asking by Lua", "refusal")],
  ["nginx, in front of the gateways", inFront("nginx", "nginx", "refusal")],
  ["Caddy, in front of the gateways", inFront("Caddy", "caddyfile", "checks")],
  ["HAProxy, in front of the gateways", inFront("HAProxy", "haproxy", "checks")],
];

const isSkipped = ({ program }: ReverseProxy): boolean => program === undefined;

describe("restarting one gateway after the other under load", () => {
  for (const [name, { reverseProxy, notices, start }] of SETTINGS) {
    it.skipIf(isSkipped(reverseProxy))(`loses no request behind ${name}`, async () => {
      const tokens = createSigner("key-1");
      const upstream = stack.use(await startUpstream()).url;
      const place = { upstream, tokens };
      const [first, second] = [await startCounting(place), await startCounting(place)];
      const gateways = [first.gateway.url, second.gateway.url];
      const url = await start(stack, { gateways, service: upstream, tokens });
      const load = startLoad(url, tokens.token());
      await load.after(SAMPLE);

      for (const { gateway, served } of [first, second]) {
        const { server, url: address } = gateway;
        const closing = [server.close({ drainDelayMs: LONG_MS, graceMs: LONG_MS })];
        while (notices === "checks") {
          const before = served();
          await load.after(SAMPLE);
          if (served() === before) break;
        }
        // A second call ends the delay.
        closing.push(server.close({ graceMs: LONG_MS }));
        await Promise.all(closing);
        await load.after(SAMPLE);
        const again = await startCounting({ ...place, port: Number(new URL(address).port) });
        // The other gateway stops at once where the proxy need not find this one again.
        do await load.after(SAMPLE);
        while (notices === "checks" && again.served() === 0);
      }
      await load.stop();
      expect(load.lost).toEqual([]);
      expect(first.served() * second.served()).toBeGreaterThan(0);
    });
  }
});
