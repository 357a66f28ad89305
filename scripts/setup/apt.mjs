/** Finds installed Debian packages, and installs more where this user may. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { excerpt } from "./dependencies.mjs";
import { run } from "./process.mjs";
import { step } from "./progress.mjs";
import { withoutServices } from "./without-services.mjs";

// Another apt (unattended upgrades) may hold the lock for a while.
const LOCK_WAIT = ["-o", "DPkg::Lock::Timeout=180"];

/**
 * Installs packages. Resolves to the reason of a failure, or to `undefined` when all are installed.
 *
 * @param {readonly string[]} names
 * @param {{ update?: boolean }} [options] update: fetch the package lists first. Default true.
 * @returns {Promise<string | undefined>}
 */
export async function aptInstall(names, { update = true } = {}) {
  if (!mayInstall()) return "this user is not root and cannot install packages";
  if (!(await findOnPath("apt-get"))) return "apt-get is not installed";
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return step(`Installing ${names.join(", ")} with apt-get`, async () => {
    if (update) await run("apt-get", [...LOCK_WAIT, "update", "-q"], { env });
    const { code, output } = await withoutServices(() =>
      run("apt-get", [...LOCK_WAIT, "install", "-y", "-q", "--no-install-recommends", ...names], {
        env,
      }),
    );
    return code === 0 ? undefined : `apt-get failed: ${excerpt(output).split("\n").at(-1)}`;
  });
}

/** Whether this user can install packages. */
export function mayInstall() {
  return process.getuid?.() === 0;
}

/**
 * @param {string} name
 * @returns {Promise<boolean>}
 */
export async function isDebianPackageInstalled(name) {
  const { code, output } = await run("dpkg-query", ["-W", "-f=${db:Status-Status}", name]);
  return code === 0 && output === "installed";
}

/**
 * @param {string} program
 * @returns {Promise<string | undefined>}
 */
export async function findOnPath(program) {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(directory, program);
    if (directory !== "" && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** @param {string} path */
export async function isExecutable(path) {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
