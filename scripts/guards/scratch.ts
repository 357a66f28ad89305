/** A copy of the sources in which guards are removed. The working tree stays as it is. */
import { cp, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";

/** Copies the working tree, uncommitted changes included, to `folder`. */
export async function makeScratch(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const files = await sourceFiles();
  for (const file of files) await restore(folder, file);
  const nested = files
    .filter((file) => /^[^/]+\/package\.json$/u.test(file))
    .map((file) => dirname(file));
  await linkModules(folder, ".");
  for (const workspace of nested) await linkModules(folder, workspace);
}

/** Copies one file again. */
export async function restore(folder: string, file: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await cp(join(ROOT, file), join(folder, file), { verbatimSymlinks: true });
}

async function sourceFiles(): Promise<string[]> {
  const list = (...flags: string[]) => run("git", ["ls-files", "-z", ...flags], { cwd: ROOT });
  const present = await list("--cached", "--others", "--exclude-standard");
  const deleted = await list("--deleted");
  const gone = new Set(deleted.output.split("\0"));
  return present.output.split("\0").filter((file) => file !== "" && !gone.has(file));
}

/**
 * Installed packages are linked one by one. A link to the whole `node_modules` would lead
 * `@breezeway/*` back to the working tree.
 */
async function linkModules(folder: string, workspace: string): Promise<void> {
  const from = join(ROOT, workspace, "node_modules");
  const to = join(folder, workspace, "node_modules");
  const names = await readdir(from).catch(() => []);
  if (names.length > 0) await mkdir(to, { recursive: true });
  for (const name of names) {
    if (name === "@breezeway") {
      await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    } else if (name !== ".vite") {
      await symlink(join(from, name), join(to, name));
    }
  }
}
