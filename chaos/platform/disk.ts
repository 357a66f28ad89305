/** A small file system of its own, which can be full or read-only. Needs root, as mounting does. */
import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import process from "node:process";

const SIZE_MB = 24;
const FILL_CHUNK = Buffer.alloc(64 * 1024);

export interface Disk extends Disposable {
  readonly folder: string;
  fill(): void;
  free(): void;
  /** @throws {Error} while a process has a file open for writing */
  protect(): void;
  unprotect(): void;
}

/** `undefined` where this process may not mount. */
export function mountDisk(): Disk | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "chaos-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MB}m`, "chaos", folder], {
      stdio: "ignore",
    });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  chmodSync(folder, 0o700);
  const cleaner = startCleaner(folder);
  const filler = join(folder, "filler");
  const remount = (option: string): void => {
    execFileSync("mount", ["-o", `remount,${option}`, folder], { stdio: "ignore" });
  };
  return {
    folder,
    fill: () => {
      try {
        for (;;) writeFileSync(filler, FILL_CHUNK, { flag: "a" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    },
    free: () => rmSync(filler, { force: true }),
    protect: () => remount("ro"),
    unprotect: () => remount("rw"),
    [Symbol.dispose]: () => void cleaner.stdin.end(),
  };
}

/** Unmounts when its standard input ends, as it does when this process is killed. */
function startCleaner(folder: string): ChildProcessByStdio<Writable, null, null> {
  const script = 'cat >/dev/null; umount --lazy "$1"; rmdir "$1"';
  const cleaner = spawn("sh", ["-c", script, "sh", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  cleaner.unref();
  return cleaner;
}
