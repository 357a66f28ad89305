/**
 * Measures what a change costs the issuer processes whose streams it does not concern:
 * `npm run issuer:fan-out -w bench`.
 *
 * Four processes on one Postgres hold 5 000 streams each. Another process changes sessions of the first one, at an even
 * rate on average. For each rate, once with `NOTIFY` and once without, the program prints the processor time of a change
 * in the process that it concerns, in each other one, and in Postgres, beyond what an idle second costs.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startDatabase } from "@breezeway/test-support/postgres";
import { createPostgresMeter } from "../capacity/measure/postgres-cost.ts";
import type { Changes, Order, Usage } from "./fan-out-process.ts";

const PROCESSES = 4;
const STREAMS_EACH = Number(process.env["BREEZEWAY_BENCH_STREAMS"] ?? "20000") / PROCESSES;
const RATES = (process.env["BREEZEWAY_BENCH_CHANGES"] ?? "20,50").split(",").map(Number);
/** The time between two heartbeats of a stream, so that each part of the run contains the same work beside the changes. */
const SECONDS = 10;
const ROUNDS = Number(process.env["BREEZEWAY_BENCH_ROUNDS"] ?? "1");
/** Lets the optimising compiler work before anything counts. */
const WARM_UP_CHANGES = 400;
const WARM_UP_RATE = 50;
const SCRIPT = fileURLToPath(new URL("fan-out-process.ts", import.meta.url));

interface Member extends Disposable {
  readonly handles: readonly string[];
  readonly ask: (order: Order) => Promise<Usage>;
}

async function start(database: string, streams: number, from: number): Promise<Member> {
  const child: ChildProcess = fork(SCRIPT, [database, String(streams), String(from)]);
  const ended = once(child, "exit").then(() => {
    throw new Error("A process of the bench ended.");
  });
  ended.catch(() => undefined);
  const answer = async <T>(): Promise<T> => {
    const [message] = (await Promise.race([once(child, "message"), ended])) as [T];
    return message;
  };
  return {
    handles: await answer<readonly string[]>(),
    ask: (order) => {
      const answered = answer<Usage>();
      child.send(order);
      return answered;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

interface Cost {
  readonly concerned: number;
  /** Mean of the others. */
  readonly other: number;
  readonly writer: number;
  readonly postgres: number;
}

const PARTS = ["concerned", "other", "writer", "postgres"] as const;

function costOf(value: (part: (typeof PARTS)[number]) => number): Cost {
  return {
    concerned: value("concerned"),
    other: value("other"),
    writer: value("writer"),
    postgres: value("postgres"),
  };
}

await using database = await startDatabase();
const meter = await createPostgresMeter(database.pool);
using members = new DisposableStack();
const writer = members.use(await start(database.url, 0, 0));
const [concerned, ...others] = await Promise.all(
  Array.from({ length: PROCESSES }, async (_, n) =>
    members.use(await start(database.url, STREAMS_EACH, n * STREAMS_EACH)),
  ),
);
if (!concerned) throw new Error("No process was started.");

async function read(member: Member): Promise<number> {
  return (await member.ask({ kind: "usage" })).cpuMs;
}

async function readAll({ ask }: Member): Promise<Cost & { readonly events: number }> {
  const { cpuMs, events } = await ask({ kind: "usage" });
  const cpu = await Promise.all(others.map(read));
  return {
    concerned: cpuMs,
    other: cpu.reduce((sum, ms) => sum + ms, 0) / others.length,
    writer: await read(writer),
    postgres: (await meter.cost()).cpuMs,
    events,
  };
}

/** Processor time per second while `run` is carried out, and until its events have arrived. */
async function perSecond(
  member: Member,
  events: number,
  run: () => Promise<unknown>,
): Promise<Cost> {
  const before = await readAll(member);
  const startedAt = performance.now();
  await run();
  const deadline = performance.now() + 60_000;
  while ((await member.ask({ kind: "usage" })).events - before.events < events) {
    if (performance.now() > deadline) throw new Error("Events are missing.");
    await sleep(50);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await readAll(member);
  return costOf((part) => (after[part] - before[part]) / seconds);
}

async function round(first: Member): Promise<void> {
  const atRest = (): Promise<Cost> => perSecond(first, 0, () => sleep(SECONDS * 1_000));
  const before = await atRest();
  const measured: { readonly order: Changes; readonly cost: Cost }[] = [];
  for (const announced of [true, false]) {
    for (const rate of RATES) {
      const count = rate * SECONDS;
      const { handles } = first;
      const order: Changes = { kind: "change", handles, count, perSecond: rate, announced };
      const cost = await perSecond(first, count, () => writer.ask(order));
      measured.push({ order, cost });
    }
  }
  const after = await atRest();
  const idle = costOf((part) => (before[part] + after[part]) / 2);
  print("idle, per second, before", before);
  print("idle, per second, after", after);
  for (const { order, cost } of measured) {
    const work = `${order.announced ? "NOTIFY" : "polling"}, ${order.perSecond} changes per second`;
    print(`${work}, per second`, cost);
    print(
      `${work}, each`,
      costOf((part) => (cost[part] - idle[part]) / order.perSecond),
    );
  }
}

function print(work: string, { concerned: told, other, writer: writes, postgres }: Cost): void {
  const ms = (value: number): string => `${value.toFixed(3)} ms`;
  const cells = [
    work,
    `concerned ${ms(told)}`,
    `other ${ms(other)}`,
    `writer ${ms(writes)}`,
    `Postgres ${ms(postgres)}`,
  ];
  process.stdout.write(`${cells.join(" | ")}\n`);
}

await writer.ask({
  kind: "change",
  handles: concerned.handles,
  count: WARM_UP_CHANGES,
  perSecond: WARM_UP_RATE,
  announced: true,
});
// Opening the streams leaves work behind, such as collecting garbage.
await sleep(SECONDS * 1_000);
for (let left = ROUNDS; left > 0; left -= 1) await round(concerned);
