/**
 * The npm packages. npm itself records what it installed in `node_modules/.package-lock.json`;
 * comparing that with `package-lock.json` is right after `npm ci`, `npm install`, a pull, a
 * switched branch and an interrupted install alike, which a stamp alone would not be. The stamp
 * says
 * that `npm ci` has made this record of this lock file: it may leave out packages that nothing asks
 * for, and must not be run again for them each time.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { run } from "./process.mjs";
import { SetupError, step } from "./progress.mjs";

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lock
 */

/**
 * Runs `npm ci` when what is installed is not what the lock file says.
 *
 * @param {string} root
 */
export async function ensureDependencies(root) {
  const lockPath = join(root, "package-lock.json");
  const recordPath = join(root, "node_modules", ".package-lock.json");
  const stampPath = join(root, "node_modules", ".breezeway-installed");
  const wanted = await readLock(lockPath);
  if (!wanted) throw new SetupError("package-lock.json is missing or damaged.");
  const installed = await readLock(recordPath);
  const why = installed ? firstDifference(wanted, installed) : "no packages are installed yet";
  if (why === undefined) return;
  if (installed && (await textOf(stampPath)) === (await hashOf([lockPath, recordPath]))) return;
  await step(`Installing dependencies with npm ci (${why})`, async () => {
    const { code, output } = await npm(["ci", "--include=dev", "--no-audit", "--no-fund"], root);
    if (code !== 0)
      throw new SetupError(`npm ci failed with exit code ${code}:\n${excerpt(output)}`);
  });
  await writeFile(stampPath, await hashOf([lockPath, recordPath]));
}

/** @param {readonly string[]} paths */
async function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(await textOf(path));
  return hash.digest("hex");
}

/** @param {string} path */
async function textOf(path) {
  return readFile(path, "utf8").catch(() => "");
}

/**
 * Describes the first package in which an installation differs from its lock file.
 *
 * @param {Lock} wanted
 * @param {Lock} installed
 * @returns {string | undefined}
 */
export function firstDifference(wanted, installed) {
  for (const [path, entry] of Object.entries(wanted.packages)) {
    // These are the workspaces' folders. Their links under node_modules have entries of their own.
    if (!path.includes("node_modules/")) continue;
    const there = installed.packages[path];
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    if (!there) {
      // The lock file lists binaries for other platforms, which are never installed here.
      if (entry.optional) continue;
      return `${name} is missing`;
    }
    if (there.version !== entry.version || there.integrity !== entry.integrity)
      return `${name} has changed`;
  }
  return undefined;
}

/**
 * Runs the npm that started this program, or the one on the PATH.
 *
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {number} [timeoutMs]
 */
export function npm(args, cwd, timeoutMs) {
  const script = process.env["npm_execpath"];
  const options = timeoutMs === undefined ? { cwd } : { cwd, timeoutMs };
  if (script && /npm-cli\.[cm]?js$/u.test(script))
    return run(process.execPath, [script, ...args], options);
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}

/**
 * Shortens a failed tool's output to its beginning and its end: npm prints the reason first and its
 * usage last, most other tools print the reason last.
 *
 * @param {string} text
 */
export function excerpt(text) {
  const lines = text
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("npm warn"));
  return lines.length <= 30
    ? lines.join("\n")
    : [...lines.slice(0, 15), "…", ...lines.slice(-15)].join("\n");
}

/**
 * @param {string} path
 * @returns {Promise<Lock | undefined>}
 */
async function readLock(path) {
  try {
    const parsed = JSON.parse(await readFile(path, "utf8"));
    return parsed && typeof parsed.packages === "object" ? parsed : undefined;
  } catch {
    return undefined;
  }
}
