/** Reverse proxies from Debian, with the configurations of this repository. */
import { createPublicKey } from "node:crypto";
import { createServer, request as startRequest, type IncomingMessage } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@breezeway/test-support/free-port";
import { listen } from "@breezeway/test-support/listen";
import { findProgram, startProgram } from "@breezeway/test-support/processes";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import { sendRaw } from "@breezeway/test-support/raw-client";
import { createSigner, type TestSigner } from "@breezeway/test-support/signer";
import { startGateway, type StartOptions, type TestGateway } from "./start.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/reverse-proxies/", import.meta.url));

export interface ReverseProxy {
  readonly name: string;
  readonly program: string | undefined;
  readonly file: string;
  readonly algorithm: "EdDSA" | "ES256";
  readonly args: (config: string, folder: string) => string[];
}

export const reverseProxies: readonly ReverseProxy[] = [
  {
    name: "nginx",
    program: findProgram("nginx"),
    file: "nginx.conf",
    algorithm: "EdDSA",
    args: (config, folder) => [
      ...["-c", config, "-p", folder, "-e", "stderr"],
      ...["-g", `daemon off; pid ${folder}/pid;${process.getuid?.() === 0 ? " user root;" : ""}`],
    ],
  },
  {
    name: "Caddy",
    program: findProgram("caddy"),
    file: "Caddyfile",
    algorithm: "EdDSA",
    args: (config) => ["run", "--config", config, "--adapter", "caddyfile"],
  },
  {
    name: "HAProxy",
    program: findProgram("haproxy"),
    file: "haproxy.cfg",
    algorithm: "ES256",
    args: (config) => ["-db", "-f", config],
  },
  {
    name: "HAProxy, asking by Lua",
    program: findProgram("haproxy"),
    file: "haproxy-authz.cfg",
    algorithm: "EdDSA",
    args: (config) => ["-db", "-f", config],
  },
];

/** What the addresses of the shipped configurations stand for. */
export interface ProxyAddresses {
  /** URLs of one gateway or of two. */
  readonly gateways: readonly string[];
  readonly service: string;
  readonly tokens: TestSigner;
}

export interface RunningProxy extends AsyncDisposable {
  readonly url: string;
}

/** Starts the program with its shipped configuration. */
export async function startProxyProgram(
  reverseProxy: ReverseProxy,
  addresses: ProxyAddresses,
): Promise<RunningProxy> {
  const { tokens } = addresses;
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const pem = join(folder.path, "breezeway.pem");
  const key = createPublicKey({ key: tokens.jwks.keys[0] ?? {}, format: "jwk" });
  writeFileSync(pem, key.export({ format: "pem", type: "spki" }));
  const port = await freePort();
  for (const file of [reverseProxy.file, "breezeway.lua"]) {
    const text = readFileSync(EXAMPLES + file, "utf8");
    const adapted = adapt(text, { ...addresses, port, folder: folder.path });
    writeFileSync(join(folder.path, file), adapted);
  }
  stack.use(await runProxy(reverseProxy, folder.path, port));
  const opened = stack.move();
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Starts the program with the configuration in this folder. */
export async function runProxy(
  { program, file, args }: ReverseProxy,
  folder: string,
  port: number,
): Promise<AsyncDisposable> {
  // Caddy stores locks and certificates in the home folder, which other Caddy processes share.
  const env = { HOME: folder, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" };
  return await startProgram(program ?? "", args(join(folder, file), folder), port, { env });
}

interface Place extends ProxyAddresses {
  readonly port: number;
  readonly folder: string;
}

/**
 * Changes what an operator must change: the addresses, and the lines for a second gateway. Health checks run
 * more often, so that tests wait less.
 */
export function adapt(text: string, { gateways, service, port, folder }: Place): string {
  const [first = "", second] = gateways.map((url) => new URL(url).host);
  const addresses: Readonly<Record<string, string | undefined>> = {
    ":8080": `:${port}`,
    "127.0.0.1:4001": first,
    "127.0.0.1:4002": second,
    "127.0.0.1:4020": new URL(service).host,
    "/etc/haproxy/": `${folder}/`,
  };
  const quick = text.replace(/\b(inter|health_interval) 1s/g, "$1 100ms");
  const whole = second === undefined ? quick : withSecondGateway(quick);
  // In one pass, since an inserted port may start like one that is replaced.
  return whole.replace(
    /:8080|127\.0\.0\.1:40(?:01|02|20)|\/etc\/haproxy\//g,
    (address) => addresses[address] ?? address,
  );
}

/** Removes the marks of a comment before the second gateway. */
export function withSecondGateway(text: string): string {
  return text.replace(/^(\s*)(?:#|--)(?=\S)(?=.*\b4002\b)/gm, "$1");
}

export interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly gateway: TestGateway;
  /** Every question and request that arrived at the gateway, oldest first. */
  readonly asked: readonly IncomingMessage[];
  send(lines: readonly string[]): Promise<string>;
}

/** @param options - Options of `startGateway`. The upstream is the reverse proxy's. */
export async function startReverseProxy(
  reverseProxy: ReverseProxy,
  options: StartOptions = {},
): Promise<Scene> {
  const tokens = createSigner("key-1", reverseProxy.algorithm);
  const gateway = await startGateway({
    ...options,
    tokens,
    // The reverse proxy forwards requests, so the gateway needs no upstream.
    route: { upstream: undefined, apps: ["orders"], ...options.route },
    gateway: { algorithms: [reverseProxy.algorithm], ...options.gateway },
  });
  const recorder = await startRecorder(gateway.url);
  const service = gateway.upstream.url;
  const proxy = await startProxyProgram(reverseProxy, {
    gateways: [recorder.url],
    service,
    tokens,
  });
  return {
    url: proxy.url,
    gateway,
    asked: recorder.requests,
    send: (lines) => sendRaw(proxy.url, [...lines, "Connection: close", "", ""].join("\r\n")),
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await recorder.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

/** Forwards each request to the gateway with the headers as they came, and records it. */
async function startRecorder(gatewayUrl: string) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    // Health checks come at any time.
    if (request.url !== "/health/ready") requests.push(request);
    const { method, url, rawHeaders } = request;
    const asking = startRequest(gatewayUrl + (url ?? ""), { method, headers: rawHeaders });
    asking.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    // Like a gateway that is down.
    asking.on("error", () => response.destroy());
    request.pipe(asking);
  });
  return { requests, ...(await listen(server)) };
}
