/** `npm run soak:browser -- --minutes M --seed N`: writes `bench/results/browser-soak.md`. */
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readWholeNumber } from "../read-number.ts";
import { reportOf } from "../soak/report.ts";
import { runBrowserSoak } from "./browser-run.ts";

const RESULTS = fileURLToPath(new URL("../../bench/results/", import.meta.url));
/** Each one stops the pages for a moment. */
const SAMPLES = 20;
const GUESTS = 20;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});
const minutes = readWholeNumber("--minutes", values.minutes) ?? 10;
const seed = readWholeNumber("--seed", values.seed) ?? 1;
const executablePath = process.env["CHROMIUM_PATH"];
const result = await runBrowserSoak({
  seed,
  durationMs: minutes * 60_000,
  guests: GUESTS,
  samples: SAMPLES,
  ...(executablePath !== undefined && { executablePath }),
});
const { text, faults } = reportOf(result, {
  title: "Browser soak",
  command: `npm run soak:browser -- --minutes ${minutes} --seed ${seed}`,
  minutes,
});
mkdirSync(RESULTS, { recursive: true });
writeFileSync(`${RESULTS}browser-soak.md`, text);
process.stdout.write(`\n${text}`);
if (faults.length > 0) process.exitCode = 1;
