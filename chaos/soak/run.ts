/** `npm run soak -- --minutes M --seed N`: mixed load, with the figures of every part in `bench/results/soak.md`. */
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readWholeNumber } from "../read-number.ts";
import { reportOf } from "./report.ts";
import { runSoak } from "./soak-run.ts";

const RESULTS = fileURLToPath(new URL("../../bench/results/", import.meta.url));
const SAMPLES = 90;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
  },
});
const minutes = readWholeNumber("--minutes", values.minutes) ?? 30;
const seed = readWholeNumber("--seed", values.seed) ?? 1;
const durationMs = minutes * 60_000;

const result = await runSoak({
  seed,
  store: "postgres",
  durationMs,
  sampleEveryMs: durationMs / SAMPLES,
  people: 12,
  pauseMs: 100,
  watchers: 40,
});
const { text, faults } = reportOf(result, {
  title: "Soak",
  command: `npm run soak -- --minutes ${minutes} --seed ${seed}`,
  minutes,
});
mkdirSync(RESULTS, { recursive: true });
writeFileSync(`${RESULTS}soak.md`, text);
process.stdout.write(`\n\n${text}`);
if (faults.length > 0) {
  process.exitCode = 1;
  for (const [name, lines] of result.errors)
    for (const line of lines) process.stdout.write(`${name}: ${line}\n`);
}
