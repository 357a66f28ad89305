/**
 * Measures one issuer process with many open event streams while another process changes sessions:
 * `npm run issuer:streams -w bench`.
 *
 * For each number of streams it prints the CPU time and the longest stall of the event loop, for a
 * second without changes, for 1 000 changes per second of single sessions, and for one change that
 * concerns every stream. `BREEZEWAY_BENCH_STREAMS` names other numbers, such as `100,1000`.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { record } from "../scale/figure.ts";
import { watchTurns, type Turns } from "@breezeway/test-support/turns";
import { ISSUER, openStreams, type Reading } from "./open-streams.ts";

const COUNTS = (process.env["BREEZEWAY_BENCH_STREAMS"] ?? "100,10000,20000").split(",").map(Number);
const CHANGES_PER_SECOND = 1_000;
const SECONDS = 3;
/** The writer sends its changes in slices, since its own store needs turns as well. */
const SLICE_MS = 20;
const AT_ONCE = 100;

interface Order {
  readonly handles: readonly string[];
  readonly changes: number;
}

function openIssuer(file: string): Issuer {
  return createIssuer({
    issuer: ISSUER,
    apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" }],
    store: sqliteStore({ file }),
    installations: {},
    rateLimits: false,
  });
}

/** The other process: changes the claims of sessions at an even rate. */
async function write(file: string): Promise<void> {
  const issuer = openIssuer(file);
  await issuer.ready;
  process.on("message", (order: Order) => {
    void (async () => {
      const startedAt = performance.now();
      let sent = 0;
      while (sent < order.changes) {
        const due = Math.min(
          order.changes,
          Math.ceil(((performance.now() - startedAt) * CHANGES_PER_SECOND) / 1_000),
        );
        const batch: Promise<unknown>[] = [];
        for (; sent < due && batch.length < AT_ONCE; sent += 1) {
          const handle = order.handles[(sent * 7_919) % order.handles.length] ?? "";
          batch.push(issuer.sessions.updateClaims(handle, { n: sent }));
        }
        await Promise.all(batch);
        await sleep(SLICE_MS);
      }
      process.send?.("done");
    })();
  });
  process.send?.("ready");
}

interface Cost extends Turns {
  readonly ms: number;
  readonly cpuMs: number;
  readonly events: number;
}

async function measure({ events }: Reading, run: () => Promise<unknown>): Promise<Cost> {
  const turns = watchTurns();
  const before = { cpu: process.cpuUsage(), events: events() };
  // The first delay is counted from the second turn on.
  await sleep(20);
  const startedAt = performance.now();
  await run();
  const ms = performance.now() - startedAt;
  await sleep(20);
  const longest = turns.read();
  turns.stop();
  const { user, system } = process.cpuUsage(before.cpu);
  return { ms, cpuMs: (user + system) / 1_000, ...longest, events: events() - before.events };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition() && performance.now() < deadline) await sleep(5);
}

async function measureAt(count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "issuer-streams-"));
  const file = join(folder, "issuer.sqlite");
  const issuer = openIssuer(file);
  await issuer.ready;
  const reading = await openStreams(issuer, count);
  const writer: ChildProcess = fork(import.meta.filename, [file]);
  await once(writer, "message");
  await sleep(1_000);

  const changes = CHANGES_PER_SECOND * SECONDS;
  const told = reading.events();
  const rows: readonly (readonly [string, Cost])[] = [
    ["idle, 3 s", await measure(reading, () => sleep(SECONDS * 1_000))],
    [
      `${changes} changes of single sessions, 3 s`,
      await measure(reading, async () => {
        writer.send({ handles: reading.handles, changes } satisfies Order);
        await once(writer, "message");
        await until(() => reading.events() - told >= changes);
      }),
    ],
    [
      "1 change of all",
      await measure(reading, async () => {
        const from = reading.events();
        await issuer.installations.install({ appId: "orders", tenantId: "acme" });
        await until(() => reading.events() - from >= count);
      }),
    ],
  ];
  for (const [work, cost] of rows) {
    const { cpuMs, stallMs, turnCpuMs, events: received } = cost;
    record({ work, size: String(count), ...cost });
    const turns = `stall ${stallMs.toFixed(0)} ms | most CPU in a turn ${turnCpuMs.toFixed(0)} ms`;
    const cells = [count, work, `${cpuMs.toFixed(0)} ms CPU`, turns, `${received} events`];
    process.stdout.write(`${cells.join(" | ")}\n`);
  }
  writer.kill();
  await issuer.close();
  rmSync(folder, { recursive: true });
}

const [, , writerFile] = process.argv;
if (writerFile === undefined) for (const count of COUNTS) await measureAt(count);
else await write(writerFile);
