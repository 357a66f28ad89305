/**
 * Measures what a gateway with very many routes costs to start and to keep:
 *   npm run gateway:scale -w bench
 *
 * For each number of routes, all of them of 1 000 apps, it prints the CPU time of `createGateway` and the heap
 * that stays. Each number has a process of its own. The growth from the middle row to the last one shows whether
 * both are linear: from there on, the code is compiled and what is there anyway counts little.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createGateway } from "@breezeway/gateway";
import { report } from "../figures.ts";
import { createTokenSource, ISSUER } from "./tokens.ts";

const APPS = 1_000;
const SIZES = [1_000, 5_000, 10_000] as const;
/** Runs of each number, of which the cheapest counts: what disturbs a run only adds to it. */
const RUNS = 3;

interface Cost {
  readonly startMs: number;
  readonly heapKb: number;
}

function measure(routes: number): Cost {
  const { jwk } = createTokenSource();
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("scale: needs --expose-gc.");
  const options = {
    issuer: ISSUER,
    jwks: { keys: [jwk] },
    revocations: false as const,
    apps: Array.from({ length: APPS }, (_, index) => ({
      id: `app-${index}`,
      name: `App ${index}`,
      version: "1.0.0",
      url: `https://app-${index}.example/`,
      scopes: [`things-${index}:read`],
    })),
    routes: Array.from({ length: routes }, (_, index) => ({
      prefix: `/route-${index}`,
      upstream: `http://127.0.0.1:${2_000 + (index % 100)}`,
      scopes: [`things-${index % APPS}:read`],
    })),
  };
  gc();
  const heapBefore = process.memoryUsage().heapUsed;
  const before = process.cpuUsage();
  const gateway = createGateway(options);
  const { user, system } = process.cpuUsage(before);
  gc();
  const heapKb = (process.memoryUsage().heapUsed - heapBefore) / 1_000;
  void gateway.close();
  return { startMs: (user + system) / 1_000, heapKb };
}

async function measureApart(routes: number): Promise<Cost> {
  const execArgv = ["--conditions=@breezeway/source", "--expose-gc"];
  const child = fork(import.meta.filename, [String(routes)], { execArgv });
  const [cost] = (await once(child, "message")) as [Cost];
  return cost;
}

async function cheapest(routes: number): Promise<Cost> {
  const costs: Cost[] = [];
  for (let run = 0; run < RUNS; run += 1) costs.push(await measureApart(routes));
  const least = (read: (cost: Cost) => number): number => Math.min(...costs.map(read));
  return { startMs: least(({ startMs }) => startMs), heapKb: least(({ heapKb }) => heapKb) };
}

const [, , asked] = process.argv;
if (asked === undefined) {
  process.stdout.write(
    "| routes | start, CPU | heap | heap per route |\n| --- | --- | --- | --- |\n",
  );
  const costs: Cost[] = [];
  for (const routes of SIZES) {
    const cost = await cheapest(routes);
    costs.push(cost);
    const each = (cost.heapKb / routes).toFixed(2);
    process.stdout.write(
      `| ${routes} | ${cost.startMs.toFixed(0)} ms | ${(cost.heapKb / 1_000).toFixed(1)} MB | ${each} kB |\n`,
    );
  }
  const [, middle, last] = costs;
  if (middle === undefined || last === undefined) throw new Error("scale: a size is missing.");
  const what = `${SIZES[2]} routes of ${APPS} apps ÷ ${SIZES[1]} routes`;
  // Twice the routes. The rest is noise, and for the start the collector, whose work follows the heap.
  const goal = { atMost: 2.2 };
  report({
    id: "gateway/start-growth",
    what: `start of a gateway with ${what}`,
    value: last.startMs / middle.startMs,
    unit: "",
    goal,
  });
  report({
    id: "gateway/heap-growth",
    what: `heap of a gateway with ${what}`,
    value: last.heapKb / middle.heapKb,
    unit: "",
    goal,
  });
  report({
    id: "gateway/start",
    what: `start of a gateway with ${SIZES[2]} routes of ${APPS} apps`,
    value: last.startMs,
    unit: "ms",
  });
  report({
    id: "gateway/heap",
    what: `heap of a gateway, per route, with ${SIZES[2]} routes`,
    value: last.heapKb / SIZES[2],
    unit: "kB",
  });
} else {
  process.send?.(measure(Number(asked)), () => process.disconnect());
}
