/**
 * Runs the benches of scale with two checkouts in turn, and writes one table:
 *   npm run scale -w bench -- --before PATH
 *
 * PATH is a checkout of an older version with its `node_modules`. The benches are those of this checkout; only the
 * packages differ. `--only sqlite,streams`, `--sizes 1000` and `--sides after` run a part, and keep the last
 * figures of the others. Results are in
 * `bench/results/scale.json` and `scale.md`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startDatabase } from "@breezeway/test-support/postgres";
import { temporaryFolder } from "@breezeway/test-support/temporary-folder";
import type { Figure } from "./figure.ts";
import { CASES, type ScaleCase } from "./cases.ts";
import { tableOf, type Results } from "./table.ts";

const BENCH = fileURLToPath(new URL("..", import.meta.url));
const HOOK = new URL("other-checkout.ts", import.meta.url).href;
const RESULTS = join(BENCH, "results/scale.json");
const REPORT = join(BENCH, "results/scale.md");

const SIDES = ["before", "after"] as const;
type Side = (typeof SIDES)[number];

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    only: { type: "string", default: CASES.map(({ name }) => name).join(",") },
    sizes: { type: "string" },
    sides: { type: "string", default: SIDES.join(",") },
  },
});
if (values.before === undefined) {
  throw new Error("scale: --before: is required. Name a checkout of an older version.");
}
const checkouts = { before: values.before, after: undefined };

/** @returns the figures of one bench with the packages of one checkout */
async function figuresOf(
  { program, needsPostgres }: ScaleCase,
  size: Readonly<Record<string, string>>,
  checkout: string | undefined,
): Promise<readonly Figure[]> {
  await using database = needsPostgres ? await startDatabase() : undefined;
  using folder = temporaryFolder();
  const file = join(folder.path, "figures.jsonl");
  const env = {
    ...process.env,
    ...size,
    ...(database && { BREEZEWAY_BENCH_POSTGRES: database.url }),
    ...(checkout !== undefined && { BREEZEWAY_CHECKOUT: checkout }),
    BREEZEWAY_BENCH_SCALE: file,
    NODE_OPTIONS: `--conditions=@breezeway/source --import=${HOOK}`,
  };
  const child = spawn(process.execPath, [join(BENCH, program)], { env, stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  if (code !== 0) process.stdout.write(`${program} ended with ${String(code)}\n`);
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Figure);
}

const known = (): Results =>
  existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Results) : { rows: [] };

/** Keeps the figures of one side as soon as it ends, since the other one may take long. */
function keep(title: string, side: Side, figures: readonly Figure[]): void {
  const rows = [...known().rows];
  for (const figure of figures) {
    const { work, size } = figure;
    const at = rows.findIndex(
      (row) => row.title === title && row.work === work && row.size === size,
    );
    if (at === -1) rows.push({ title, work, size, [side]: figure });
    else rows[at] = { ...rows[at], title, work, size, [side]: figure };
  }
  writeFileSync(RESULTS, `${JSON.stringify({ rows }, undefined, 2)}\n`);
  writeFileSync(REPORT, tableOf({ rows }));
}

const isChosen = (size: Readonly<Record<string, string>>): boolean =>
  values.sizes === undefined ||
  values.sizes.split(",").some((chosen) => Object.values(size).includes(chosen));

for (const name of values.only.split(",")) {
  const given = CASES.find((each) => each.name === name);
  if (given === undefined) {
    const names = CASES.map((each) => each.name).join(", ");
    throw new Error(`scale: --only: ${name} is unknown. Choose from ${names}.`);
  }
  for (const size of given.sizes.filter(isChosen)) {
    for (const side of SIDES.filter((each) => values.sides.split(",").includes(each))) {
      process.stdout.write(`\n${given.title} ${JSON.stringify(size)}, ${side}\n`);
      keep(given.title, side, await figuresOf(given, size, checkouts[side]));
    }
  }
}
process.stdout.write(readFileSync(REPORT, "utf8"));
