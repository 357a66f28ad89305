/**
 * `npm run chaos -- --seed N,N --minutes M --store postgres|sqlite --faults PLAN --report`: causes faults under load and
 * checks what must hold throughout. A failed run prints its seed and its faults, which replay it. `--report` writes
 * `bench/results/chaos.md`.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runChaos, type ChaosResult } from "./chaos-run.ts";
import { chaosPage, type ChaosRow } from "./chaos-page.ts";
import { readPlan, writePlan } from "./faults/plan.ts";
import { readWholeNumber } from "./read-number.ts";

const PEOPLE = 12;
const PAUSE_MS = 60;

const PAGE = fileURLToPath(new URL("../bench/results/chaos.md", import.meta.url));

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "2" },
    store: { type: "string" },
    faults: { type: "string" },
    report: { type: "boolean", default: false },
  },
});
const seeds = (values.seed?.split(",") ?? [String(Math.floor(Math.random() * 1_000_000))]).map(
  (text) => readWholeNumber("--seed", text) ?? 0,
);
const minutes = readWholeNumber("--minutes", values.minutes) ?? 2;
const stores =
  values.store === undefined ? (["postgres", "sqlite"] as const) : [readStore(values.store)];
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const rows: ChaosRow[] = [];

for (const seed of seeds) {
  for (const store of stores) {
    print(`seed ${seed}, store ${store}`);
    const result = await runChaos({
      seed,
      store,
      people: PEOPLE,
      pauseMs: PAUSE_MS,
      durationMs: minutes * 60_000,
      ...(values.faults !== undefined && { plan: readPlan(values.faults) }),
      revokedWithinMs: 5_000,
      healthyWithinMs: 10_000,
      onEvent: (text) => print(`  ${text}`),
    });
    rows.push(rowOf(seed, store, result));
    report(seed, store, result);
  }
}
if (values.report) writeFileSync(PAGE, chaosPage(rows, minutes));

function rowOf(seed: number, store: string, result: ChaosResult): ChaosRow {
  const { plan, violations, answers, excused, lateRequests, recoveries } = result;
  return {
    seed,
    store,
    faults: plan.flat().length,
    recoveredWithinMs: Math.max(...recoveries),
    answers,
    excused,
    lateRequests,
    violations: violations.length,
  };
}

function report(seed: number, store: string, result: ChaosResult): void {
  const { plan, violations, answers, excused, starved, lateRequests, recoveries, errors } = result;
  print(`  ${plan.flat().length} faults, recovered within ${Math.max(...recoveries)} ms`);
  const counts = [...answers].sort(([, a], [, b]) => b - a);
  print(`  answers: ${counts.map(([name, count]) => `${count} × ${name}`).join(", ")}`);
  print(`  ${excused} excused by a fault, ${starved} by a busy machine`);
  print(`  ${lateRequests} requests with what had ended more than 5 s before`);
  if (violations.length === 0) return;
  process.exitCode = 1;
  print(`  ${violations.length} kinds of violations:`);
  for (const violation of violations) print(`    ${violation}`);
  for (const [name, lines] of errors) for (const line of lines) print(`    ${name}: ${line}`);
  print(`  Replay: npm run chaos -- --seed ${seed} --store ${store} --faults ${writePlan(plan)}`);
}

function readStore(store: string): "postgres" | "sqlite" {
  if (store === "postgres" || store === "sqlite") return store;
  throw new Error("--store: must be postgres or sqlite.");
}
