/**
 * `npm run bench`: runs all benches one after the other and prints their figures in one table, with goals met
 * or missed. A complete run writes `bench/results/latest.md` and renews the figures that documents cite.
 * `--quick` takes about two minutes; `--only verify,issuer` chooses. Neither writes anything.
 *
 * Ends with 1 when a bench fails. A missed goal is a result, not a failure.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, release, tmpdir, totalmem, type as systemName } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Figure } from "../../bench/figures.ts";
import { forwardSignals, run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";
import type { Bench } from "./benches.ts";
import { renewDocuments } from "./citations.ts";
import { planOf, type Plan } from "./options.ts";
import { latestPage, LATEST, parseFigures, terminalTable, type Circumstances } from "./results.ts";
import { formatted } from "../setup/formatted.ts";

/** Benches print their own tables, some of them only after minutes. */
const PROGRESS_MS = 15_000;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Outcome {
  readonly figures: readonly Figure[];
  readonly failed: readonly string[];
}

async function runAll({ benches, isQuick }: Plan, folder: string): Promise<Outcome> {
  const figures: Figure[] = [];
  const failed: string[] = [];
  for (const [index, bench] of benches.entries()) {
    const seconds = isQuick ? bench.quick?.seconds : bench.seconds;
    const name = `[${index + 1}/${benches.length}] ${bench.name}`;
    print(`\n${name}, about ${seconds} s`);
    const file = join(folder, `${index}.jsonl`);
    await writeFile(file, "");
    const isGood = await runOne(bench, { name, file, isQuick });
    if (!isGood) failed.push(bench.name);
    figures.push(...parseFigures(await readFile(file, "utf8")));
  }
  return { figures, failed };
}

interface OneRun {
  readonly name: string;
  readonly file: string;
  readonly isQuick: boolean;
}

async function runOne(bench: Bench, { name, file, isQuick }: OneRun): Promise<boolean> {
  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    print(`${name}: ${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
  }, PROGRESS_MS);
  const { code } = await run(
    process.execPath,
    ["--conditions=@breezeway/source", join(ROOT, bench.file)],
    {
      cwd: join(ROOT, "bench"),
      env: {
        ...process.env,
        ...(isQuick ? bench.quick?.env : undefined),
        BREEZEWAY_BENCH_FIGURES: file,
      },
      output: "inherit",
    },
  );
  clearInterval(timer);
  return code === 0;
}

async function versionOf(file: string | undefined, args: readonly string[]): Promise<string> {
  if (file === undefined) return "unknown";
  const { code, output } = await run(file, args, { cwd: ROOT });
  // A wrapper script may write warnings before it.
  return (code === 0 && output.trim().split("\n").at(-1)?.trim()) || "unknown";
}

interface Before {
  /** The load of the machine before the first bench. */
  readonly load: number;
  readonly failed: readonly string[];
}

async function circumstances({ load, failed }: Before): Promise<Circumstances> {
  const { CHROMIUM_PATH: chromium } = process.env;
  return {
    Date: new Date().toISOString().slice(0, 10),
    Machine: `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${systemName()} ${release()}`,
    Load: `${load.toFixed(2)} before the first bench`,
    Breezeway: `commit ${await versionOf("git", ["rev-parse", "--short", "HEAD"])}`,
    "Node.js": process.versions.node,
    Browser: await versionOf(chromium, ["--version"]),
    ...(failed.length === 0 ? {} : { "Ended with an error": failed.join(", ") }),
  };
}

async function main(plan: Plan): Promise<number> {
  const [load = 0] = loadavg();
  const folder = await mkdtemp(join(tmpdir(), "breezeway-bench-"));
  try {
    const { figures, failed } = await runAll(plan, folder);
    print(`\n${terminalTable(figures)}`);
    if (failed.length > 0) {
      print(`Failed: ${failed.join(", ")}. Run each alone: npm run NAME -w bench.`);
    }
    if (plan.isComplete) {
      const page = latestPage(figures, await circumstances({ load, failed }));
      await writeFile(LATEST, await formatted("page.md", page));
      await renewDocuments(page);
      print("Written to bench/results/latest.md.");
    }
    return failed.length === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true });
  }
}

forwardSignals();
try {
  process.exitCode = await main(planOf(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
