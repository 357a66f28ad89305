/**
 * Packages of servers start them when they are installed. The tests need only the programs, and no
 * database or proxy should listen on the machine's own ports.
 *
 * Debian asks `/usr/sbin/policy-rc.d` before it starts a service; exit code 101 refuses. A policy
 * that exists already is the administrator's and stays. Ours refuses only while this process runs:
 * after a crash it allows everything.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import process from "node:process";

const POLICY = "/usr/sbin/policy-rc.d";
const MARK = "# breezeway: no services while packages are installed";

/**
 * @template T
 * @param {() => Promise<T>} install
 * @param {string} [path]
 * @returns {Promise<T>}
 */
export async function withoutServices(install, path = POLICY) {
  const isOurs = await place(path);
  try {
    return await install();
  } finally {
    if (isOurs) await rm(path, { force: true });
  }
}

/** @param {string} path */
async function place(path) {
  const present = await readFile(path, "utf8").catch(() => undefined);
  if (present !== undefined && !present.includes(MARK)) return false;
  if (present !== undefined) await rm(path, { force: true });
  const script = `#!/bin/sh\n${MARK}\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  // Never overwrite: another process may have created the file meanwhile.
  return writeFile(path, script, { mode: 0o755, flag: "wx" }).then(
    () => true,
    () => false,
  );
}
