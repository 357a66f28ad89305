/** Reverse proxies from Debian, with the configurations of this repository. */
import { createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@breezeway/test-support/free-port";
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
  const folder = temporaryFolder();
  const port = await freePort();
  const pem = join(folder.path, "breezeway.pem");
  const key = createPublicKey({ key: tokens.jwks.keys[0] ?? {}, format: "jwk" });
  writeFileSync(pem, key.export({ format: "pem", type: "spki" }));
  const config = join(folder.path, reverseProxy.file);
  // The test changes only the addresses, as an operator must.
  const addresses: Readonly<Record<string, string>> = {
    ":8080": `:${port}`,
    "127.0.0.1:4001": new URL(gateway.url).host,
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
    send: (lines) => sendRaw(url, [...lines, "Connection: close", "", ""].join("\r\n")),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
