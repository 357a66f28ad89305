/**
 * Programs that some tests run for real (a database, a proxy, another language).
 * `scripts/system-packages.json` lists them: Debian package → reason. Nothing here fails: packages
 * that cannot be installed are returned, their tests are skipped, and the summary names them.
 */
import { readFile } from "node:fs/promises";
import { aptInstall, findOnPath, isDebianPackageInstalled, mayInstall } from "./apt.mjs";
import { SetupError } from "./progress.mjs";

/**
 * @typedef {object} SystemPackage
 * @property {string} name Debian's name of it
 * @property {string} why
 * @property {string} [command] A program that stands for it on systems without dpkg.
 *
 * @typedef {{ name: string, why: string, reason: string }} MissingPackage
 */

const LIST = new URL("../system-packages.json", import.meta.url);

/** @returns {Promise<MissingPackage[]>} */
export async function ensureSystemPackages() {
  return ensureDebianPackages(parseList(await readFile(LIST, "utf8")));
}

/**
 * Installs the missing packages, when this user is root and apt is installed.
 *
 * @param {readonly SystemPackage[]} packages
 * @returns {Promise<MissingPackage[]>} the packages that are still missing, with the reasons
 */
export async function ensureDebianPackages(packages) {
  const missing = await notThere(packages);
  if (missing.length === 0) return [];
  const together = await aptInstall(missing.map((entry) => entry.name));
  if (together === undefined) return [];
  // apt installs all packages or none: a package that this release lacks must not prevent the
  // others.
  /** @type {MissingPackage[]} */
  const left = [];
  for (const { name, why } of missing) {
    const reason =
      missing.length > 1 && mayInstall() ? await aptInstall([name], { update: false }) : together;
    if (reason !== undefined) left.push({ name, why, reason });
  }
  return left;
}

/**
 * @param {string} text
 * @returns {SystemPackage[]}
 */
export function parseList(text) {
  /** @type {Record<string, string | { why: string, command: string }>} */
  const list = JSON.parse(text);
  return Object.entries(list).map(([name, value]) => {
    const entry = typeof value === "string" ? { name, why: value } : { name, ...value };
    if (!/^[a-z0-9][a-z0-9+.-]+$/u.test(name) || typeof entry.why !== "string")
      throw new SetupError(`scripts/system-packages.json: ${name} needs a reason.`);
    return entry;
  });
}

/** @param {readonly SystemPackage[]} packages */
async function notThere(packages) {
  const there = await Promise.all(packages.map(isThere));
  return packages.filter((_, index) => !there[index]);
}

/** @param {SystemPackage} entry */
async function isThere({ name, command }) {
  if (await isDebianPackageInstalled(name)) return true;
  return command !== undefined && (await findOnPath(command)) !== undefined;
}
