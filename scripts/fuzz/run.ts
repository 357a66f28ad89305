/**
 * Fuzzes the readers of strangers' bytes with Jazzer.js, which looks for inputs that reach new code.
 *
 *     npm run fuzz                                  every target for a minute
 *     npm run fuzz -- frames config --minutes 60    two targets, an hour each
 *     npm run fuzz -- --node /path/to/node          with another Node
 *
 * Inputs that reach new code are added to the corpus, which the tests replay. An input that breaks an
 * invariant is written to `.cache/fuzz`. Add it to the corpus together with the mend.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { excerpt, npm } from "../setup/dependencies.mjs";
import { forwardSignals, run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";
import { addToCorpus, readCorpus, targetFile, targetNames } from "./corpus.ts";

const FOLDER = join(ROOT, ".cache/fuzz");
/** Installed on first use, since it is large and few people need it. */
const JAZZER = "@jazzer.js/core@4.0.0";
const PROGRAM = join(FOLDER, "node_modules/@jazzer.js/core/dist/cli.js");
/** Its addon is built for this version of the C library and later ones. */
const MIN_GLIBC = "2.38";
/** Longer inputs repeat what shorter ones reach. */
const MAX_INPUT_BYTES = 2_048;
/** For one input. Work that grows faster than the input shows itself. */
const TIMEOUT_SECONDS = 5;

interface Found {
  readonly code: number;
  readonly output: string;
}

async function installJazzer(): Promise<void> {
  if (existsSync(PROGRAM)) return;
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, "package.json"), '{ "private": true }\n');
  const { code, output } = await npm(
    ["install", JAZZER, "--ignore-scripts", "--no-audit", "--no-fund"],
    FOLDER,
  );
  if (code === 0) return;
  console.error(`fuzz: ${JAZZER} cannot be installed:\n${excerpt(output)}`);
  process.exit(1);
}

async function bundle(target: string): Promise<string> {
  const outfile = join(FOLDER, `${target}.mjs`);
  await build({
    entryPoints: [targetFile(target)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    conditions: ["@breezeway/source"],
    logLevel: "warning",
    // CommonJS packages in the bundle require Node's modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
  });
  return outfile;
}

/** Runs a target. Inputs that reached new code are added to the corpus. */
async function fuzz(target: string, node: string, minutes: number): Promise<Found> {
  const folder = join(FOLDER, target);
  const [seeds, fresh] = [join(folder, "seeds"), join(folder, "new")];
  for (const part of [seeds, fresh]) {
    await rm(part, { recursive: true, force: true });
    await mkdir(part, { recursive: true });
  }
  for (const [index, input] of (await readCorpus(target)).entries())
    await writeFile(join(seeds, String(index)), input);
  const flags = [
    `-max_len=${MAX_INPUT_BYTES}`,
    `-max_total_time=${Math.round(minutes * 60)}`,
    `-timeout=${TIMEOUT_SECONDS}`,
    `-artifact_prefix=${folder}/`,
  ];
  const args = [PROGRAM, await bundle(target), fresh, seeds, "--sync", "--", ...flags];
  const { code, output } = await run(node, args, { cwd: folder });
  const found = await readdir(fresh);
  await addToCorpus(target, await Promise.all(found.map((name) => readFile(join(fresh, name)))));
  return { code, output };
}

function isTooOld(node: string): boolean {
  if (node !== process.execPath) return false;
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const { glibcVersionRuntime: found } = report.header;
  return found !== undefined && found.localeCompare(MIN_GLIBC, "en", { numeric: true }) < 0;
}

forwardSignals();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "1" },
    node: { type: "string", default: process.execPath },
  },
});
const known = await targetNames();
const unknown = positionals.find((name) => !known.includes(name));
const minutes = Number(values.minutes);
if (unknown !== undefined) {
  console.error(`fuzz: no target "${unknown}". The targets are ${known.join(", ")}.`);
  process.exit(2);
}
if (!(minutes > 0)) {
  console.error("fuzz: --minutes: must be a number above 0.");
  process.exit(2);
}
if (isTooOld(values.node)) {
  console.error(
    `fuzz: Jazzer.js needs glibc ${MIN_GLIBC} or later, as in Debian 13. Use another machine, or --node. ` +
      "`npm test` replays the corpus on every machine.",
  );
  process.exit(1);
}
await installJazzer();
for (const target of positionals.length > 0 ? positionals : known) {
  console.log(`${target}: ${minutes} min …`);
  const { code, output } = await fuzz(target, values.node, minutes);
  const last = output
    .trim()
    .split("\n")
    .filter((line) => /^#\d|^Done/u.test(line))
    .slice(-2);
  console.log(code === 0 ? last.join("\n") : output.slice(-4_000));
  if (code !== 0) process.exitCode = 1;
}
