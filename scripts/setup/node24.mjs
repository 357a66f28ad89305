/**
 * Node 24, from the npm package `node`, whatever Node the machine has. The package's install
 * script fetches the binary from the npm registry; npm may leave install scripts out (11 asks for
 * `allowScripts`, any version honours `ignore-scripts`), so this file checks the result itself.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { run } from "./process.mjs";
import { excerpt } from "./dependencies.mjs";
import { SetupError, step } from "./progress.mjs";

const WANTED_MAJOR = 24;

/**
 * The path of a working Node 24.
 *
 * @param {string} root
 * @returns {Promise<string>}
 */
export async function ensureNode24(root) {
  const packageDir = join(root, "node_modules", "node");
  const binary = join(packageDir, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (await works(binary)) return binary;

  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
  const output = await step(`Fetching Node ${version}`, async () => {
    const result = await run(process.execPath, ["installArchSpecificPackage.js"], {
      cwd: packageDir,
    });
    return result.output;
  });
  if (await works(binary)) return binary;
  if (majorOf(process.version) >= WANTED_MAJOR) return process.execPath;
  throw new SetupError(
    `The npm package "node" brought no working Node ${version} for ${process.platform} ${process.arch}, ` +
      `and this machine has ${process.version}. Install Node ${WANTED_MAJOR}, or look at:\n${excerpt(output)}`,
  );
}

/** @param {string} binary */
async function works(binary) {
  const { code, output } = await run(binary, ["--version"]);
  return code === 0 && majorOf(output) >= WANTED_MAJOR;
}

/** @param {string} version "v24.1.0" */
function majorOf(version) {
  return Number(/^v(\d+)\./u.exec(version.trim())?.[1] ?? 0);
}
