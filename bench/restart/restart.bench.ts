/**
 * Restarts two processes of `breezeway serve` one after the other, behind nginx and under load, rotates the
 * signing key meanwhile, and exits with 1 when a request is lost:
 *   npm run restart -w bench
 *
 * Clients mint a token, read and write through the gateway, and begin again. Event streams of sessions
 * reconnect as browsers do, after the time that the issuer names.
 */
import { once } from "node:events";
import {
  Agent,
  request as startRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createIssuer } from "@breezeway/issuer";
import { postgresStore } from "@breezeway/issuer/postgres";
import { report } from "../figures.ts";
import { KEY_SECRET, startPlatform, TENANT } from "./platform.ts";

const setting = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const ROUNDS = setting("ROUNDS", 3);
const CLIENTS = setting("CLIENTS", 8);
const STREAMS = setting("STREAMS", 200);
/** Reconnections are counted in pieces of this length. */
const PIECE_MS = 500;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const post = { "x-breezeway-request": "1", "content-type": "application/json" };

await using platform = await startPlatform(CLIENTS + STREAMS);
const agent = new Agent({ keepAlive: true });
const state = { isOver: false, requests: 0, tokens: 0, reconnections: [] as number[], open: 0 };
const lost = new Map<string, number>();

function lose(what: string, why: unknown): void {
  const key = `${what}: ${String(why)}`;
  lost.set(key, (lost.get(key) ?? 0) + 1);
}

function countLost(): number {
  return [...lost.values()].reduce((sum, count) => sum + count, 0);
}

interface Answer {
  readonly response: IncomingMessage;
  readonly text: string;
}

async function send(url: string, options: RequestOptions, body?: string): Promise<Answer> {
  const request = startRequest(url, { agent, ...options }).end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
  state.requests += 1;
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text}`);
  return { response, text };
}

async function signIn(user: number): Promise<string> {
  const body = JSON.stringify({ userId: `user-${user}`, tenantId: TENANT });
  const url = `${platform.issuer}/auth/login/dev`;
  const { response } = await send(url, { method: "POST", headers: post }, body);
  return response.headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";
}

async function work(cookie: string): Promise<void> {
  let what = "";
  while (!state.isOver) {
    try {
      what = "mint";
      const mint = { method: "POST", headers: { ...post, cookie } };
      const url = `${platform.issuer}/auth/session/token`;
      const { text } = await send(url, mint, '{"appId":"orders"}');
      state.tokens += 1;
      const authorization = `Bearer ${(JSON.parse(text) as { token: string }).token}`;
      for (const method of ["GET", "POST"]) {
        what = method;
        const body = method === "POST" ? "an order" : undefined;
        await send(`${platform.gateway}/orders/7`, { method, headers: { authorization } }, body);
      }
    } catch (error) {
      lose(what, error);
    }
  }
}

/** A session's event stream, which comes back after the time that the issuer named. */
async function follow(cookie: string): Promise<void> {
  for (let attempt = 0; !state.isOver; attempt += 1) {
    let retryMs = 1_000;
    try {
      const headers = { accept: "text/event-stream", cookie };
      const url = `${platform.issuer}/auth/session/events`;
      const request = startRequest(url, { headers, agent: false }).end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      if (response.statusCode !== 200) {
        // A browser gives up such a stream, and the host asks for the session first.
        lose("stream", response.statusCode);
        response.resume();
      } else {
        state.open += 1;
        if (attempt > 0) state.reconnections.push(performance.now());
        response.on("data", (chunk: Buffer) => {
          const [, named] = /^retry: (\d+)/m.exec(chunk.toString()) ?? [];
          if (named !== undefined) retryMs = Number(named);
        });
        // Its end is expected, in whatever way. `once` would reject after an error.
        response.on("error", () => {});
        await new Promise((resolve) => response.on("close", resolve));
        state.open -= 1;
      }
    } catch (error) {
      lose("stream", error);
    }
    if (!state.isOver) await sleep(retryMs);
  }
}

/** The largest share of the reconnections that fell into one piece of time. */
function peakShare(times: readonly number[]): string {
  const pieces = Map.groupBy(times, (time) => Math.floor(time / PIECE_MS));
  const peak = Math.max(0, ...[...pieces.values()].map(({ length }) => length));
  return `${peak} of ${times.length} streams`;
}

const cookies: string[] = [];
for (let user = 0; user < CLIENTS + STREAMS; user += 1) cookies.push(await signIn(user));
const clients = cookies.slice(0, CLIENTS).map(work);
for (const cookie of cookies.slice(CLIENTS)) void follow(cookie);
while (state.open < STREAMS) await sleep(50);

const store = postgresStore({ connectionString: platform.databaseUrl });
const keys = { encryptionSecret: KEY_SECRET };
await using operator = createIssuer({ issuer: `${platform.issuer}/auth`, apps: [], store, keys });
print(
  `| restart | requests | lost | streams back, at most in ${PIECE_MS} ms |\n| --- | --- | --- | --- |`,
);
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const index of [0, 1] as const) {
    const before = { requests: state.requests, lost: countLost() };
    state.reconnections = [];
    await platform.restart(index);
    while (state.open < STREAMS) await sleep(50);
    const losses = countLost() - before.lost;
    const sent = state.requests - before.requests;
    print(
      `| ${round}, process ${index + 1} | ${sent} | ${losses} | ${peakShare(state.reconnections)} |`,
    );
  }
  await operator.keys.rotate();
}
state.isOver = true;
await Promise.all(clients);
const failed = [...lost.values()].reduce((sum, count) => sum + count, 0);
print(
  `\n${state.requests} requests, ${state.tokens} tokens, ${ROUNDS} key rotations: ${failed} lost`,
);
report({
  id: "restart/lost",
  what: "requests lost while both processes of a platform restart",
  value: failed,
  unit: "",
  goal: { atMost: 0 },
});
for (const [what, count] of lost) print(`  ${count} × ${what}`);
agent.destroy();
await operator.close();
await platform[Symbol.asyncDispose]();
process.exit(failed === 0 ? 0 : 1);
