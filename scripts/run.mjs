#!/usr/bin/env node
/**
 * `npm start`, `npm test` and others (`COMMANDS`): sets the machine up, then continues on Node 24.
 *
 * Runs on the machine's own Node (18 or later) before anything is installed, so this file and
 * what it imports from `setup/` are plain JavaScript without dependencies.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The commands: what runs on Node 24, and what must be installed before. */
const COMMANDS = {
  start: { script: "demo/main.ts", browser: false, packages: false },
  check: { script: "scripts/suite/check.ts", browser: false, packages: false },
  build: { script: "scripts/build.ts", browser: false, packages: false },
  e2e: { script: "scripts/suite/e2e.ts", browser: true, packages: false },
  test: { script: "scripts/suite/test.ts", browser: true, packages: true },
  guards: { script: "scripts/guards/run.ts", browser: true, packages: true },
  chaos: { script: "chaos/run.ts", browser: false, packages: true },
  fuzz: { script: "scripts/fuzz/run.ts", browser: false, packages: false },
  bench: { script: "scripts/bench/main.ts", browser: true, packages: true },
  capacity: { script: "bench/capacity/main.ts", browser: false, packages: false },
  soak: { script: "chaos/soak/run.ts", browser: false, packages: true },
  "soak:browser": { script: "chaos/browser/run.ts", browser: true, packages: false },
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name)
  ? COMMANDS[/** @type {keyof typeof COMMANDS} */ (name)]
  : undefined;

const major = Number(process.versions.node.split(".")[0]);
if (major < 18) {
  console.error(
    `scripts/run.mjs: needs Node 18 or later to start; this is Node ${process.version}.`,
  );
  process.exit(1);
}
if (!command) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(COMMANDS).join(" | ")} [arguments]`);
  process.exit(2);
}

const { forwardSignals, run } = await import("./setup/process.mjs");
const { SetupError } = await import("./setup/progress.mjs");
forwardSignals();

try {
  process.exitCode = await prepareAndRun(command);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const full = !(error instanceof SetupError) && process.env["BREEZEWAY_DEBUG"];
  console.error(full ? error.stack : `breezeway: ${error.message}`);
  process.exitCode = 1;
}

/** @param {{ script: string, browser: boolean, packages: boolean }} command */
async function prepareAndRun({ script, browser, packages }) {
  const { ensureDependencies } = await import("./setup/dependencies.mjs");
  const { ensureNode24 } = await import("./setup/node24.mjs");
  await ensureDependencies(root);
  const node = await ensureNode24(root);

  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env };
  env["PATH"] = [join(root, "node_modules", ".bin"), dirname(node), env["PATH"]].join(
    process.platform === "win32" ? ";" : ":",
  );
  // Node keeps compiled modules here, so that each of the many processes of a run starts in half the time.
  env["NODE_COMPILE_CACHE"] ??= join(root, ".cache", "node");
  if (packages) {
    const { ensureSystemPackages } = await import("./setup/system-packages.mjs");
    const missing = await ensureSystemPackages();
    // Tests that need one of these are skipped, and the summary names them.
    env["BREEZEWAY_SKIPPED"] = missing.map((entry) => entry.name).join(",");
    env["BREEZEWAY_SKIPPED_WHY"] = JSON.stringify(missing);
  }
  if (browser) {
    const { ensureChromium } = await import("./setup/chromium.mjs");
    const { ensureHeadlessShell } = await import("./setup/headless-shell.mjs");
    env["CHROMIUM_PATH"] = await ensureChromium(root, node);
    env["CHROMIUM_HEADLESS_SHELL_PATH"] = (await ensureHeadlessShell(env["CHROMIUM_PATH"])) ?? "";
  }
  const { code } = await run(
    node,
    ["--conditions=@breezeway/source", join(root, script), ...args],
    { cwd: root, env, output: "inherit" },
  );
  return code;
}
