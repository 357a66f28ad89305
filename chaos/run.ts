/**
 * `npm run chaos -- --seed N --minutes M --store postgres|sqlite --faults PLAN`: causes faults under load and
 * checks what must hold throughout. A failed run prints its seed and its faults, which replay it.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { runChaos, type ChaosResult } from "./chaos-run.ts";
import { readPlan, writePlan } from "./faults/plan.ts";
import { readWholeNumber } from "./read-number.ts";

const PEOPLE = 12;
const PAUSE_MS = 60;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "4" },
    store: { type: "string" },
    faults: { type: "string" },
  },
});
const seed = readWholeNumber("--seed", values.seed) ?? Math.floor(Math.random() * 1_000_000);
const minutes = readWholeNumber("--minutes", values.minutes) ?? 4;
const stores =
  values.store === undefined ? (["postgres", "sqlite"] as const) : [readStore(values.store)];
const print = (line: string): void => void process.stdout.write(`${line}\n`);

for (const store of stores) {
  print(`seed ${seed}, store ${store}`);
  const result = await runChaos({
    seed,
    store,
    people: PEOPLE,
    pauseMs: PAUSE_MS,
    durationMs: (minutes * 60_000) / stores.length,
    ...(values.faults !== undefined && { plan: readPlan(values.faults) }),
    revokedWithinMs: 5_000,
    healthyWithinMs: 10_000,
    onEvent: (text) => print(`  ${text}`),
  });
  report(store, result);
}

function report(store: string, result: ChaosResult): void {
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
