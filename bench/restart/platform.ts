/** Two processes of `breezeway serve` on one Postgres, with nginx in front of both issuers and both gateways. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "@breezeway/test-support/free-port";
import { listen } from "@breezeway/test-support/listen";
import { startDatabase } from "@breezeway/test-support/postgres";
import { findProgram, startProgram } from "@breezeway/test-support/processes";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";

const BIN = fileURLToPath(new URL("../../cli/src/bin.ts", import.meta.url));
/** Issuer, gateway and the gateway's operations. */
const LISTENERS = 3;

export const TENANT = "acme";
/** Encrypts the signing keys of both processes, and of the program that rotates them. */
export const KEY_SECRET = "a secret of both processes";

export interface Platform extends AsyncDisposable {
  /** The issuer and the gateway behind nginx, without a slash at the end. */
  readonly issuer: string;
  readonly gateway: string;
  readonly databaseUrl: string;
  /** Sends SIGTERM to one process, waits for its exit, and starts it again. */
  restart(index: 0 | 1): Promise<void>;
}

const location = (upstream: string): string => `
  proxy_pass http://${upstream};
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header Forwarded "";
  proxy_buffering off;
  proxy_read_timeout 1h;`;

interface Ports {
  readonly issuer: number;
  readonly gateway: number;
}

function nginxConfig(front: Ports, back: readonly Ports[]): string {
  const upstream = (name: keyof Ports): string =>
    `upstream ${name}s { ${back.map((each) => `server 127.0.0.1:${each[name]} max_fails=0;`).join(" ")} keepalive 32; }
     server { listen 127.0.0.1:${front[name]}; location / { ${location(`${name}s`)} } }`;
  return `worker_processes 1; events { worker_connections 4096; } http { access_log off; ${upstream("issuer")} ${upstream("gateway")} }`;
}

async function startServe(file: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--conditions=@breezeway/source", BIN, "serve", file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  let listening = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("exit", () => reject(new Error("breezeway serve ended before it listened.")));
  createInterface(child.stdout).on("line", (line) => {
    if ((JSON.parse(line) as { event?: string }).event !== "listening") return;
    listening += 1;
    if (listening === LISTENERS) resolve();
  });
  await promise;
  return child;
}

/** @param users - People who can sign in without a password: `user-0`, `user-1` and so on. */
export async function startPlatform(users: number): Promise<Platform> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await startDatabase());
  const folder = stack.use(temporaryFolder()).path;
  const service = createServer((request, response) => {
    request.resume().on("end", () => response.end("{}"));
  });
  const upstream = stack.use(await listen(service));
  const front = { issuer: await freePort(), gateway: await freePort() };
  const issuer = `http://localhost:${front.issuer}`;
  const back: Ports[] = [];
  const files: string[] = [];
  for (const index of [0, 1]) {
    const ports = { issuer: await freePort(), gateway: await freePort() };
    const file = join(folder, `breezeway-${index}.json`);
    const scopes = ["orders:read"];
    const people = Array.from({ length: users }, (_, user) => ({
      id: `user-${user}`,
      name: `User ${user}`,
      tenants: { [TENANT]: { scopes } },
    }));
    const config = {
      issuer: {
        url: `${issuer}/auth`,
        port: ports.issuer,
        store: { kind: "postgres", url: { env: "DATABASE_URL" } },
        keys: { encryptionSecret: { env: "KEY_SECRET" } },
        devLogin: { users: people },
        rateLimits: false,
        audit: false,
      },
      gateway: {
        port: ports.gateway,
        operationsPort: 0,
        routes: [{ prefix: "/orders", upstream: upstream.url, scopes }],
      },
      apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://o.example/", scopes }],
      trustedProxies: ["127.0.0.1"],
    };
    writeFileSync(file, JSON.stringify(config));
    back.push(ports);
    files.push(file);
  }
  const env = { DATABASE_URL: database.url, KEY_SECRET };
  const children = await Promise.all(files.map((file) => startServe(file, env)));
  stack.defer(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  const nginx = join(folder, "nginx.conf");
  writeFileSync(nginx, nginxConfig(front, back));
  const user = process.getuid?.() === 0 ? " user root;" : "";
  const args = ["-c", nginx, "-p", folder, "-e", "stderr"];
  args.push("-g", `daemon off; pid ${folder}/pid;${user}`);
  stack.use(await startProgram(findProgram("nginx") ?? "nginx", args, front.gateway));
  const opened = stack.move();
  return {
    issuer,
    gateway: `http://127.0.0.1:${front.gateway}`,
    databaseUrl: database.url,
    async restart(index) {
      const child = children[index];
      const exited = child && once(child, "exit");
      child?.kill("SIGTERM");
      await exited;
      children[index] = await startServe(files[index] ?? "", env);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
