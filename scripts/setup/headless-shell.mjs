/**
 * The headless shell of a Chromium: the same pages without windows, which needs a third less
 * processor time for the same browser tests (ADR 147). Nothing here fails: without a shell of the same version all
 * browser tests run in the complete browser.
 */
import { realpath } from "node:fs/promises";
import process from "node:process";
import { aptInstall, findOnPath, isExecutable } from "./apt.mjs";
import { run } from "./process.mjs";

const PROGRAM = "chromium-headless-shell";

/**
 * The path of a headless shell with the version of `chromium`. Installs Debian's package when
 * `chromium` comes from Debian.
 *
 * @param {string} chromium path of the complete browser
 * @param {typeof aptInstall} [install]
 * @returns {Promise<string | undefined>}
 */
export async function ensureHeadlessShell(chromium, install = aptInstall) {
  const wanted = await versionOf(chromium);
  if (wanted === undefined) return undefined;
  const found = await findHeadlessShell(wanted);
  if (found !== undefined) return found;
  const version = await debianVersionOf(chromium);
  if (version === undefined) return undefined;
  // In the version of the installed browser: another one would replace the files that both share.
  const packages = [`${PROGRAM}=${version}`];
  const failed = await install(packages, { update: false });
  if (failed !== undefined) await install(packages);
  return findHeadlessShell(wanted);
}

/** @param {string} wanted */
async function findHeadlessShell(wanted) {
  const given = process.env["CHROMIUM_HEADLESS_SHELL_PATH"];
  const path = given === undefined ? await findOnPath(PROGRAM) : given;
  return path && (await versionOf(path)) === wanted ? path : undefined;
}

/** @param {string} path */
async function versionOf(path) {
  if (!(await isExecutable(path))) return undefined;
  const { code, output } = await run(path, ["--version"], { timeoutMs: 20_000 });
  return code === 0 ? /chrom\D*(\d+(?:\.\d+)+)/iu.exec(output)?.[1] : undefined;
}

/**
 * The version of the Debian package that contains the program.
 *
 * @param {string} path
 */
async function debianVersionOf(path) {
  const owner = await run("dpkg-query", ["-S", await realpath(path)]);
  const name = /^([a-z0-9][a-z0-9+.-]+)(?::\w+)?: /mu.exec(owner.output)?.[1];
  if (owner.code !== 0 || name === undefined) return undefined;
  const { code, output } = await run("dpkg-query", ["-W", "-f=${Version}", name]);
  return code === 0 ? output : undefined;
}
