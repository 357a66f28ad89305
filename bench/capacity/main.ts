/**
 * How many processes, connections and statements a number of users needs:
 * `npm run capacity -- --users 1000000 --apps 5`. `--measure` measures the unit costs on this machine first.
 * `--simulate` runs 10 000 users here instead, and prints what they cost beside what the model predicts.
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { parseFlags } from "./options.ts";
import { reportOf, simulationTable } from "./report.ts";
import { SIMULATION_FILE } from "./simulate/simulation.ts";
import { readUnits, type UnitsFile } from "./units.ts";

const MEASURE = "--measure";
const SIMULATE = "--simulate";
/** Each run simulates the same users. */
const SEED = 1;

async function unitsFor(args: readonly string[]): Promise<UnitsFile> {
  if (!args.includes(MEASURE)) return readUnits();
  const { measure } = await import("./measure/measure.ts");
  return measure();
}

async function answerTo(args: readonly string[]): Promise<string> {
  const flags = args.filter((arg) => arg !== MEASURE && arg !== SIMULATE);
  const options = parseFlags(flags);
  const [flag] = flags;
  if (args.includes(SIMULATE) && flag !== undefined) {
    throw new Error(
      `capacity: ${flag}: cannot be combined with ${SIMULATE}, which has options of its own.`,
    );
  }
  const measured = await unitsFor(args);
  if (!args.includes(SIMULATE)) return reportOf(measured, options);
  const { simulate } = await import("./simulate/simulate.ts");
  const simulation = await simulate(measured.units, { seed: SEED });
  await writeFile(SIMULATION_FILE, `${JSON.stringify(simulation, undefined, 2)}\n`);
  return simulationTable(simulation);
}

try {
  process.stdout.write(await answerTo(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
