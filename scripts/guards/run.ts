/**
 * Removes guards of the threat model one by one and runs the row's test each time: it must fail.
 *
 *     npm run guards                 rows that were not killed yet, or whose guard has changed
 *     npm run guards -- TM-101 TM-2  these rows; TM-2 stands for all rows that begin so
 *     npm run guards -- --all        every row
 *
 * The guards are removed in a copy of the sources, never in the working tree. The results go to
 * `docs/threat-model/tried.json` and from there to the lists in `docs/threat-model/README.md`.
 */
import { join } from "node:path";
import process from "node:process";
import { readBoundaries, writeThreatModel } from "../docs/threat-model.ts";
import { forwardSignals } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";
import { applyRemoval, hashOf, type Removal, type CitedTest } from "./removal.ts";
import { REMOVALS } from "./removals/index.ts";
import { runTests } from "./run-test.ts";
import { makeScratch, restore } from "./scratch.ts";
import { outcomeOf, readTried, writeTried, type Tried } from "./tried.ts";

const FOLDER = join(ROOT, ".cache/guards");
const MIN_TIMEOUT_MS = 15_000;

type Result = "killed" | "survived" | "error";

interface Trial {
  readonly removal: Removal;
  readonly test: CitedTest;
}

/** @returns how long each test may take without its guard, or why it does not pass with it */
async function runWithGuards(
  file: string,
  titles: readonly string[],
): Promise<{ readonly timeoutMs: number } | { readonly problem: string }> {
  const startedAt = performance.now();
  const { outcome, detail } = await runTests(FOLDER, { file, titles });
  if (outcome !== "passed") return { problem: detail };
  // A removed guard often shows as a test that waits. A busy machine must not look like that.
  return { timeoutMs: Math.round(MIN_TIMEOUT_MS + (performance.now() - startedAt) * 2) };
}

async function runWithout(
  removal: Removal,
  { file, title }: CitedTest,
  timeoutMs: number,
): Promise<[Result, string]> {
  try {
    await applyRemoval(FOLDER, removal);
    const options = { timeoutMs, expected: removal.failure };
    const { outcome, detail } = await runTests(FOLDER, { file, titles: [title] }, options);
    if (outcome === "error") return ["error", `Without its guard: ${detail}`];
    return outcome === "passed" ? ["survived", ""] : ["killed", detail];
  } finally {
    for (const edited of removal.edits) await restore(FOLDER, edited.file);
  }
}

/** The rows of one test file: their tests pass as things are, and each fails without its guard. */
async function tryFile(
  file: string,
  trials: readonly Trial[],
  report: (row: Removal, result: Result, detail: string) => Promise<void>,
): Promise<void> {
  const together = await runWithGuards(
    file,
    trials.map(({ test }) => test.title),
  );
  for (const { removal, test } of trials) {
    const own =
      "problem" in together && trials.length > 1
        ? await runWithGuards(file, [test.title])
        : together;
    const [result, detail] =
      "problem" in own
        ? (["error", `With its guard: ${own.problem}`] as const)
        : await runWithout(removal, test, own.timeoutMs);
    await report(removal, result, detail);
  }
}

async function record(removal: Removal, result: Result): Promise<void> {
  const { [removal.row]: _old, ...others } = await readTried();
  await writeTried(
    result === "error"
      ? others
      : { ...others, [removal.row]: { outcome: result, removal: hashOf(removal) } },
  );
}

function selected(args: readonly string[], tried: Tried): readonly Removal[] {
  if (args.includes("--all")) return REMOVALS;
  if (args.length === 0) {
    return REMOVALS.filter((removal) => outcomeOf(tried, removal) !== "killed");
  }
  const unknown = args.filter((start) => !REMOVALS.some(({ row }) => row.startsWith(start)));
  if (unknown.length > 0) throw new Error(`No removal for ${unknown.join(", ")}.`);
  return REMOVALS.filter(({ row }) => args.some((start) => row.startsWith(start)));
}

async function main(args: readonly string[]): Promise<number> {
  const boundaries = await readBoundaries();
  const tests = new Map(boundaries.flatMap(({ rows }) => rows.map((row) => [row.id, row.tests])));
  const removals = selected(args, await readTried());
  if (removals.length > 0) await makeScratch(FOLDER);
  const trials = removals.map((removal) => {
    const test = removal.run ?? tests.get(removal.row)?.[removal.test ?? 0];
    if (!test) throw new Error(`${removal.row}: the threat model has no such test.`);
    return { removal, test };
  });
  let failures = 0;
  for (const [file, ofFile] of Map.groupBy(trials, ({ test }) => test.file)) {
    await tryFile(file, ofFile, async (removal, result, detail) => {
      const [head = ""] = detail.split("\n");
      process.stdout.write(`${removal.row} ${result}${head && `: ${head.slice(0, 160)}`}\n`);
      if (result === "error") process.stdout.write(`${detail.slice(0, 2_000)}\n`);
      if (result !== "killed") failures += 1;
      await record(removal, result);
    });
  }
  await writeThreatModel();
  return failures === 0 ? 0 : 1;
}

forwardSignals();
process.exitCode = await main(process.argv.slice(2));
