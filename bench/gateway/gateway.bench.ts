/**
 * Compares the gateway with its alternatives in one run:
 *   npm run gateway -w bench
 *
 * Load and upstream run on one core, the contender on the other. Rounds go A B C C B A, after a
 * warm-up
 * that is long enough for the optimising compiler, which needs more time for more code. The goals
 * are
 * judged by requests per second of the contender's CPU time, which on an idle machine is its
 * throughput,
 * and on a busy one still compares like with like; by the median of the rounds' ratios, since what
 * disturbs the machine for a second disturbs both sides of one round; their quartiles say how far
 * to
 * trust it. `no-auth` proxies through undici's Pool, `no-auth-stack` through connections kept as
 * the
 * gateway keeps its own. `verify-and-proxy` is that with a bare check of signature and expiry
 * before it:
 * what it falls short of `verify-and-answer` is the price of having an upstream at all.
 * `WARM_UP_MS`, `SLICE_MS` and `ROUNDS` in the environment change their length and number; `ONLY=gateway,no-auth`
 * leaves the others out.
 */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keepAwake, pin } from "../cores.ts";
import { report } from "../figures.ts";
import { applyLoad, type LoadResult } from "./load.ts";
import { createTokenSource } from "./tokens.ts";

const SLICE_MS = Number(process.env["SLICE_MS"] ?? 1_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 8);
const WARM_UP_MS = Number(process.env["WARM_UP_MS"] ?? 3_000);
const CONNECTIONS = 64;
const TOKENS = 64;
const CONTENDER_CORE = 1;
const LOAD_CORE = 0;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const children: ChildProcess[] = [];
async function startChild(
  file: string,
  args: string[],
  core: number,
): Promise<[ChildProcess, number]> {
  const child = fork(here(file), args, { execArgv: ["--conditions=@breezeway/source"] });
  children.push(child);
  pin(core, child.pid);
  const [port] = (await once(child, "message")) as [number];
  return [child, port];
}

/** nginx with the shipped configuration, asking the gateway. */
async function startNginx(
  gatewayPort: number,
  upstreamPort: number,
): Promise<{ readonly port: number; readonly pid: number } | undefined> {
  if (!existsSync("/usr/sbin/nginx")) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "breezeway-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const port = 18_080;
  const shipped = readFileSync(here("../../examples/reverse-proxies/nginx.conf"), "utf8");
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    shipped
      .replace("worker_processes auto;", "worker_processes 1;")
      .replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`)
      .replaceAll("127.0.0.1:4001", `127.0.0.1:${gatewayPort}`)
      .replaceAll("127.0.0.1:4020", `127.0.0.1:${upstreamPort}`)
      .replace("http {", "http {\n  access_log off;\n  keepalive_requests 1000000;"),
  );
  const user = process.getuid?.() === 0 ? " user root;" : "";
  const args = [
    "-c",
    config,
    "-p",
    folder,
    "-e",
    "stderr",
    "-g",
    `daemon off; pid ${folder}/pid;${user}`,
  ];
  // taskset at the start, so that the workers inherit the core.
  const child = spawn("taskset", ["-c", String(CONTENDER_CORE), "/usr/sbin/nginx", ...args], {
    stdio: "ignore",
  });
  children.push(child);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return { port, pid: child.pid ?? 0 };
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

pin(LOAD_CORE, process.pid);
keepAwake([LOAD_CORE, CONTENDER_CORE]);
const tokens = createTokenSource();
const jwk = JSON.stringify(tokens.jwk);
const [, upstreamPort] = await startChild("./upstream.ts", [], LOAD_CORE);
const names = [
  "gateway",
  "no-auth",
  "no-auth-stack",
  "verify-and-answer",
  "verify-and-proxy",
  "fastify",
  "hono",
  "express",
];
const only = process.env["ONLY"]?.split(",");
const ports = new Map<string, number>();
const processes = new Map<string, ChildProcess>();
for (const name of names) {
  const [child, port] = await startChild(
    "./contender.ts",
    [name, String(upstreamPort), jwk],
    CONTENDER_CORE,
  );
  ports.set(name, port);
  processes.set(name, child);
}
const nginx = await startNginx(ports.get("gateway") ?? 0, upstreamPort);
if (nginx !== undefined) ports.set("nginx auth_request", nginx.port);

type Sample = LoadResult & { readonly perCpuSecond: number };

async function run(
  scenario: string,
  all: readonly string[],
  isNew: boolean,
): Promise<Map<string, number[]>> {
  const contenders = all.filter((name) => only?.includes(name) ?? true);
  const results = new Map<string, Sample[]>(contenders.map((name) => [name, []]));
  const known = Array.from({ length: TOKENS }, () => tokens.next());
  const slice = async (name: string, durationMs: number): Promise<Sample> => {
    // Enough tokens for the slice at any expected speed, minted before the measurement starts.
    const fresh = isNew ? Array.from({ length: 12 * durationMs }, () => tokens.next()) : [];
    let index = 0;
    const token = (): string | undefined =>
      isNew ? fresh.pop() : known[(index = (index + 1) % TOKENS)];
    const before = await usageOf(name);
    const load = { port: ports.get(name) ?? 0, connections: CONNECTIONS, durationMs, token };
    const result = await applyLoad(load);
    const { cpuSeconds } = await usageOf(name);
    return { ...result, perCpuSecond: result.count / (cpuSeconds - before.cpuSeconds) };
  };
  for (const name of contenders) await slice(name, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? contenders : contenders.toReversed()) {
      results.get(name)?.push(await slice(name, SLICE_MS));
    }
  }
  const rates = new Map<string, number[]>();
  const rows: Record<string, Record<string, number>> = {};
  for (const [name, each] of results) {
    const perCpuSecond = each.map((sample) => sample.perCpuSecond);
    rates.set(name, perCpuSecond);
    rows[name] = {
      "requests/CPU s": Math.round(median(perCpuSecond)),
      "requests/s": Math.round(median(each.map(({ perSecond }) => perSecond))),
      "p50 ms": Number(median(each.map(({ p50Ms }) => p50Ms)).toFixed(2)),
      "p99 ms": Number(median(each.map(({ p99Ms }) => p99Ms)).toFixed(2)),
      "rss MB": Math.round((await usageOf(name)).rssMb),
      failures: each.reduce((sum, { failures }) => sum + failures, 0),
    };
  }
  print(`\n${scenario}`);
  for (const [name, row] of Object.entries(rows)) {
    const cells = Object.entries(row).map(([label, value]) => `${label} ${value}`);
    print(`  ${name.padEnd(20)}${cells.join("   ")}`);
  }
  return rates;
}

interface Usage {
  readonly rssMb: number;
  readonly cpuSeconds: number;
}

async function usageOf(name: string): Promise<Usage> {
  if (name !== "nginx auth_request") return ask(processes.get(name));
  const gateway = await ask(processes.get("gateway"));
  // The worker process of nginx does the work, so its CPU time counts.
  const tasks = `/proc/${nginx?.pid}/task/${nginx?.pid}/children`;
  const [worker = ""] = readFileSync(tasks, "utf8").trim().split(" ");
  const fields = readFileSync(`/proc/${worker}/stat`, "utf8").split(" ");
  const ticks = Number(fields[13]) + Number(fields[14]);
  const rssMb = Number(fields[23]) / 256;
  return { rssMb: gateway.rssMb + rssMb, cpuSeconds: gateway.cpuSeconds + ticks / 100 };
}

async function ask(child: ChildProcess | undefined): Promise<Usage> {
  if (child === undefined) throw new Error("The name of the contender is unknown.");
  child.send("usage");
  const [usage] = (await once(child, "message")) as [Usage];
  return usage;
}

interface Ratio {
  readonly median: number;
  readonly quartiles: readonly [number, number];
}

/**
 * The ratio of one contender to another, round by round; `undefined` when one was left out or is
 * not installed.
 */
function ratioOf(rates: Map<string, number[]>, name: string, other: string): Ratio | undefined {
  const [own, others] = [rates.get(name), rates.get(other)];
  if (own === undefined || others === undefined) return undefined;
  const ratios = own.map((rate, round) => rate / (others[round] ?? Number.NaN));
  const sorted = ratios.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  return { median: median(ratios), quartiles: [at(0.25), at(0.75)] };
}

interface Comparison {
  readonly id: string;
  readonly what: string;
  readonly rates: Map<string, number[]>;
  readonly others: readonly string[];
  readonly wanted: number;
}

/** Compares the gateway with each of the others. The worst ratio counts. */
function goal({ id, what, rates, others, wanted }: Comparison): void {
  const [worst] = others
    .flatMap((other) => ratioOf(rates, "gateway", other) ?? [])
    .toSorted((a, b) => a.median - b.median);
  if (worst === undefined) return;
  const isMet = worst.median >= wanted;
  print(`${isMet ? "met   " : "missed"} ${what}: ${ratioText(worst)} (goal ${wanted})`);
  report({
    id: `gateway/${id}`,
    what: `gateway, ${what}`,
    value: worst.median,
    unit: "",
    goal: { atLeast: wanted },
  });
}

function ratioText({ median: middle, quartiles: [low, high] }: Ratio): string {
  return `${middle.toFixed(2)}, quartiles ${low.toFixed(2)} to ${high.toFixed(2)}`;
}

try {
  const peers = ["fastify", "hono", "express"];
  const bare = ["no-auth", "no-auth-stack"];
  const engine = nginx === undefined ? [] : ["nginx auth_request"];
  const repeated = await run(
    "Repeated tokens, as in real use",
    ["gateway", ...bare, ...peers, ...engine],
    false,
  );
  const fresh = await run(
    "Every token new",
    ["gateway", "verify-and-answer", "verify-and-proxy", "fastify"],
    true,
  );
  print("");
  const [rates, first] = [repeated, fresh];
  goal({
    id: "repeat",
    what: "tokens repeat ÷ the same stack without auth",
    rates,
    others: ["no-auth-stack"],
    wanted: 0.92,
  });
  goal({
    id: "repeat-pool",
    what: "tokens repeat ÷ undici's Pool without auth",
    rates,
    others: ["no-auth"],
    wanted: 0.92,
  });
  goal({
    id: "frameworks",
    what: "tokens repeat ÷ the best framework",
    rates,
    others: peers,
    wanted: 4,
  });
  goal({
    id: "nginx",
    what: "tokens repeat ÷ nginx with auth_request",
    rates,
    others: engine,
    wanted: 1,
  });
  goal({
    id: "new",
    what: "every token new ÷ verify and a bare proxy in one process",
    rates: first,
    others: ["verify-and-proxy"],
    wanted: 0.95,
  });
  const answered = ratioOf(fresh, "gateway", "verify-and-answer");
  const ceiling = ratioOf(fresh, "verify-and-proxy", "verify-and-answer");
  if (answered !== undefined && ceiling !== undefined) {
    print(`       every token new ÷ verify and answer: ${ratioText(answered)}`);
    print(`       the share that a bare proxy reaches: ${ratioText(ceiling)}`);
  }
} finally {
  for (const child of children) child.kill();
}
