/** Files that decide who gets in: the configuration, its manifests, its secrets, its hooks. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { BridgeError } from "@breezeway/shared";

// Of a mode: everybody on the machine may write.
const WORLD_WRITABLE = 0o002;
// Of a folder's mode: nobody replaces the files of others in it.
const STICKY = 0o1000;

/**
 * @param source - What names the file, such as `breezeway.json: issuer.hooks`.
 * @throws {BridgeError} CONFIG_INVALID when it cannot be read, or when anybody could have written it
 */
export function readTrustedText(path: string, source: string): string {
  try {
    if (process.platform !== "win32") assertTrusted(path, source);
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (BridgeError.is(cause)) throw cause;
    throw new BridgeError("CONFIG_INVALID", `${source}: ${path} ${faultOf(cause)}.`, { cause });
  }
}

function assertTrusted(path: string, source: string): void {
  if ((statSync(path).mode & WORLD_WRITABLE) !== 0) {
    throw invalid(`${source}: every user of this machine may write ${path}; chmod o-w it.`);
  }
  // Where a link stands, and where what it names does.
  for (const folder of [dirname(path), dirname(realpathSync(path))]) {
    if ((statSync(folder).mode & (WORLD_WRITABLE | STICKY)) !== WORLD_WRITABLE) continue;
    throw invalid(
      `${source}: every user of this machine may replace ${path}; chmod o-w the folder ${folder}.`,
    );
  }
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", message);
}

function faultOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  if (code === "ENOENT") return "is not there";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this user";
  return `cannot be read (${code})`;
}
