/**
 * Measures a gateway at rest and under a large configuration, and exits with 1 when a request fails:
 *   npm run gateway:rest -w bench
 *
 * 1. What a request costs with 1 route and with 2 000 routes of 1 000 apps, at the first and last of them.
 * 2. Reloads of the large configuration under load: failed requests, and the longest turn of the event loop.
 * 3. Memory with 10 000 idle connections and 2 000 streams, over a minute.
 *
 * CPU times and sizes are the gateway's own; compare them within one run only.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request as startRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createSigner, ISSUER } from "@breezeway/test-support/signer";
import { listen } from "@breezeway/test-support/listen";
import { report } from "../figures.ts";
import { record } from "../scale/figure.ts";
import type { Turns } from "@breezeway/test-support/turns";
import type { FromGateway, Usage } from "./rest-gateway.ts";

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const ROUTES = setting("ROUTES", 2_000);
const APPS = setting("APPS", 1_000);
const IDLE = setting("IDLE", 10_000);
const STREAMS = setting("STREAMS", 2_000);
const REQUESTS = setting("REQUESTS", 10_000);
const RELOADS = setting("RELOADS", 20);
const REST_MS = setting("REST_MS", 60_000);
const CLIENTS = 16;
const SAMPLES = 6;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const signer = createSigner("bench-1");
const keys = createServer((_request, response) => response.end(JSON.stringify(signer.jwks)));
await using jwks = await listen(keys);
const service = createServer((request, response) => {
  if (request.headers.accept !== "text/event-stream") response.end("{}");
  else response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
});
await using upstream = await listen(service);

function configOf(routes: number, apps: number, version: number): object {
  return {
    issuer: ISSUER,
    jwks: jwks.url,
    revocations: false,
    limits: { maxConcurrentStreams: STREAMS + 100, maxConcurrentPerApp: STREAMS + 100 },
    apps: Array.from({ length: apps }, (_, index) => ({
      id: index === 0 ? "orders" : `app-${index}`,
      name: `App ${index}`,
      version: `1.0.${version}`,
      url: `https://app-${index}.example/`,
      scopes: ["orders:read", "orders:write", `things-${index}:read`],
    })),
    routes: Array.from({ length: routes }, (_, index) => ({
      prefix: `/route-${index}`,
      upstream: upstream.url,
      scopes: [index % apps === 0 ? "orders:read" : "orders:write"],
    })),
  };
}

const folder = mkdtempSync(join(tmpdir(), "gateway-rest-"));
const file = join(folder, "gateway.json");
const write = (config: object): void => {
  writeFileSync(`${file}.new`, JSON.stringify(config));
  renameSync(`${file}.new`, file);
};
write(configOf(1, 1, 0));

const program = fileURLToPath(new URL("./rest-gateway.ts", import.meta.url));
const child = fork(program, [file]);

async function next<T extends FromGateway["type"]>(
  type: T,
): Promise<Extract<FromGateway, { type: T }>> {
  for (;;) {
    const [message] = (await once(child, "message")) as [FromGateway];
    if (message.type === "refused") throw new Error(message.why);
    if (message.type === type) return message as Extract<FromGateway, { type: T }>;
  }
}

async function usage(): Promise<Usage> {
  const answer = next("usage");
  child.send("usage");
  return (await answer).usage;
}

const turnsOf = ({ stallMs, turnCpuMs }: Usage): Turns => ({ stallMs, turnCpuMs });

async function apply(config: object): Promise<void> {
  const reloaded = next("reloaded");
  write(config);
  await reloaded;
}

const { port } = await next("listening");
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
let failed = 0;

async function send(path: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const request = startRequest({ port, path, headers, agent }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  await once(response.resume(), "end");
  if (response.statusCode !== 200) failed += 1;
}

/** Sends until `isOver`. @returns the number of requests */
async function load(path: string, isOver: (sent: number) => boolean): Promise<number> {
  let sent = 0;
  const token = signer.token();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (!isOver(sent)) {
        sent += 1;
        await send(path, token).catch(() => (failed += 1));
      }
    }),
  );
  return sent;
}

async function cpuPerRequest(path: string): Promise<number> {
  await load(path, (sent) => sent >= REQUESTS / 5);
  const before = await usage();
  const sent = await load(path, (count) => count >= REQUESTS);
  return (((await usage()).cpuMs - before.cpuMs) * 1_000) / sent;
}

async function openIdle(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(200, count - sockets.length) }, () =>
      connect(port, "127.0.0.1"),
    );
    await Promise.all(batch.map((socket) => once(socket, "connect")));
    sockets.push(...batch);
  }
  return sockets;
}

async function openStreams(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    // Each user holds a few, as in real use.
    const user = { sub: `user-${index}`, userId: `user-${index}`, sid: `session-${index}` };
    const headers = { accept: "text/event-stream", authorization: `Bearer ${signer.token(user)}` };
    const request = startRequest({ port, path: "/route-0", headers, agent: false }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    if (response.statusCode !== 200) failed += 1;
    response.on("error", () => {}).resume();
  }
}

try {
  const small = await cpuPerRequest("/route-0");
  await apply(configOf(ROUTES, APPS, 0));
  const first = await cpuPerRequest("/route-0");
  const last = await cpuPerRequest(`/route-${Math.floor((ROUTES - 1) / APPS) * APPS}`);
  print("| configuration | CPU per request | beside 1 route |");
  print("| --- | --- | --- |");
  for (const [name, micros] of [
    ["1 route, 1 app", small],
    [`${ROUTES} routes, ${APPS} apps, first route`, first],
    [`${ROUTES} routes, ${APPS} apps, last route`, last],
  ] as const) {
    record({ work: `CPU of a request, ${name}`, size: "", value: `${micros.toFixed(0)} µs` });
    print(`| ${name} | ${micros.toFixed(0)} µs | ${(micros / small).toFixed(2)} |`);
  }
  report({
    id: "gateway/routes",
    what: `CPU per request with ${ROUTES} routes ÷ with 1 route`,
    value: last / small,
    unit: "",
    goal: { atMost: 1.2 },
  });

  await usage();
  await load("/route-0", (sent) => sent >= REQUESTS);
  const calm = await usage();
  let isReloading = true;
  const underLoad = load("/route-0", () => !isReloading);
  for (let version = 1; version <= RELOADS; version += 1)
    await apply(configOf(ROUTES, APPS, version));
  isReloading = false;
  const sent = await underLoad;
  const busy = await usage();
  const size = `${ROUTES} routes, ${APPS} apps`;
  record({ work: "load, no reload", size, ...turnsOf(calm) });
  record({ work: `${RELOADS} reloads under load`, size, ...turnsOf(busy) });
  record({
    work: `requests failed during ${RELOADS} reloads`,
    size,
    value: `${failed} of ${sent}`,
  });
  print(
    `\n${RELOADS} reloads under ${sent} requests: ${failed} failed, longest turn ${busy.stallMs.toFixed(0)} ms (${calm.stallMs.toFixed(0)} ms without reloads), most CPU in a turn ${busy.turnCpuMs.toFixed(0)} ms (${calm.turnCpuMs.toFixed(0)} ms)`,
  );

  const before = await usage();
  const sockets = await openIdle(IDLE);
  const idle = await usage();
  const perConnection = ((idle.rssMb - before.rssMb) * 1_024) / IDLE;
  record({
    work: "memory of an idle connection",
    size: `${IDLE} connections`,
    value: `${perConnection.toFixed(1)} kB`,
  });
  await openStreams(STREAMS);
  print(`\n| after | RSS |\n| --- | --- |\n| before | ${before.rssMb.toFixed(0)} MB |`);
  print(`| ${IDLE} idle connections | ${idle.rssMb.toFixed(0)} MB |`);
  for (let sample = 0; sample <= SAMPLES; sample += 1) {
    const { rssMb } = await usage();
    const seconds = (sample * REST_MS) / SAMPLES / 1_000;
    print(`| and ${STREAMS} streams, ${seconds.toFixed(0)} s later | ${rssMb.toFixed(0)} MB |`);
    if (sample < SAMPLES) await sleep(REST_MS / SAMPLES);
  }
  await send("/route-0", signer.token());
  print(`\n${failed} requests failed`);
  report({
    id: "gateway/reload",
    what: "requests that fail during reloads and among idle connections",
    value: failed,
    unit: "",
    goal: { atMost: 0 },
  });
  for (const socket of sockets) socket.destroy();
} finally {
  child.kill("SIGKILL");
  agent.destroy();
  rmSync(folder, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;
// Streams of the service are still open.
process.exit();
