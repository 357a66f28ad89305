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
import { createSigner } from "@breezeway/test-support/signer";
import { startGateway, type StartOptions, type TestGateway } from "./start.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples/reverse-proxies/", import.meta.url));

export interface ReverseProxy {
  readonly name: string;
  readonly program: string | undefined;
  readonly file: string;
  readonly algorithm: "EdDSA" | "ES256";
  args(config: string, folder: string): string[];
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

export interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly gateway: TestGateway;
  /** Every request that arrived at the gateway, oldest first. */
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
  const folder = temporaryFolder();
  const port = await freePort();
  const pem = join(folder.path, "breezeway.pem");
  const key = createPublicKey({ key: tokens.jwks.keys[0] ?? {}, format: "jwk" });
  writeFileSync(pem, key.export({ format: "pem", type: "spki" }));
  const config = join(folder.path, reverseProxy.file);
  // The test changes only the addresses, as an operator must.
  const addresses: Readonly<Record<string, string>> = {
    ":8080": `:${port}`,
    "127.0.0.1:4001": new URL(recorder.url).host,
    "127.0.0.1:4020": new URL(gateway.upstream.url).host,
    "/etc/haproxy/": `${folder.path}/`,
  };
  for (const file of [reverseProxy.file, "breezeway.lua"]) {
    // In one pass, since an inserted port may start like one that is replaced.
    const adapted = readFileSync(EXAMPLES + file, "utf8").replace(
      /:8080|127\.0\.0\.1:40(?:01|20)|\/etc\/haproxy\//g,
      (address) => addresses[address] ?? address,
    );
    writeFileSync(join(folder.path, file), adapted);
  }
  // Caddy stores locks and certificates in the home folder, which other Caddy processes share.
  const env = { HOME: folder.path, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" };
  const running = await startProgram(
    reverseProxy.program ?? "",
    reverseProxy.args(config, folder.path),
    port,
    {
      env,
    },
  );
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    gateway,
    asked: recorder.requests,
    send: (lines) => sendRaw(url, [...lines, "Connection: close", "", ""].join("\r\n")),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await recorder.close();
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Forwards each request to the gateway with the headers as they came, and records it. */
async function startRecorder(gatewayUrl: string) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
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
