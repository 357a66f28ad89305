/**
 * The folder of temporary files while the suite runs. Databases, browser profiles and installed packages are
 * written, read once and deleted, so memory is the right place where a machine has the room. On a slow disk an
 * empty database takes ten times as long.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const SHARED_MEMORY = "/dev/shm";

/** The largest part is the project with all frameworks that the packages are installed into: 1 GB. */
const MIN_FREE_BYTES = 4 * 2 ** 30;

export interface TempFolderOptions {
  /** Default: `/dev/shm`, which Linux keeps in memory. */
  readonly memory?: string;
  /** Default: 4 GiB. */
  readonly minFreeBytes?: number;
  /** Whether a file can be run. Default: runs it. */
  readonly canRun?: (program: string) => boolean;
}

/** Runs the work with `TMPDIR` in memory, or as it is where memory has no room or runs no programs. */
export async function withTempInMemory<T>(
  work: () => Promise<T>,
  options: TempFolderOptions = {},
): Promise<T> {
  const folder = makeFolder(options);
  if (folder === undefined) return work();
  const { TMPDIR: before } = process.env;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  // A signal ends the process in the middle of the work.
  process.once("exit", remove);
  process.env["TMPDIR"] = folder;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    process.off("exit", remove);
    remove();
  }
}

function makeFolder({
  memory = SHARED_MEMORY,
  minFreeBytes = MIN_FREE_BYTES,
  canRun = runs,
}: TempFolderOptions): string | undefined {
  let folder: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < minFreeBytes) return undefined;
    folder = mkdtempSync(join(memory, "breezeway-"));
    // As root, some programs of the tests run as another user, as PostgreSQL does.
    chmodSync(folder, 0o755);
    if (runsPrograms(folder, canRun)) return folder;
  } catch {
    // Another system has no such folder, or lets nobody write there.
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return undefined;
}

/** Containers often mount shared memory with `noexec`. Tests install and start programs. */
function runsPrograms(folder: string, canRun: (program: string) => boolean): boolean {
  const program = join(folder, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  try {
    return canRun(program);
  } finally {
    rmSync(program);
  }
}

function runs(program: string): boolean {
  return spawnSync(program).status === 0;
}
