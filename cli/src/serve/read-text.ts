/** Files that decide who gets in: the configuration, its manifests, its secrets, its hooks. */
import { readFileSync, statSync } from "node:fs";
import { BridgeError } from "@breezeway/shared";

// Of the file's mode: everybody on the machine may write.
const WORLD_WRITABLE = 0o002;

/**
 * @param source - What names the file, such as `breezeway.json: issuer.hooks`.
 * @throws {BridgeError} CONFIG_INVALID when it cannot be read, or when anybody could have written it
 */
export function readTrustedText(path: string, source: string): string {
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & WORLD_WRITABLE) !== 0) {
      throw new BridgeError(
        "CONFIG_INVALID",
        `${source}: every user of this machine may write ${path}; chmod o-w it.`,
      );
    }
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (BridgeError.is(cause)) throw cause;
    throw new BridgeError("CONFIG_INVALID", `${source}: ${path} ${faultOf(cause)}.`, { cause });
  }
}

function faultOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  if (code === "ENOENT") return "is not there";
  if (code === "EACCES" || code === "EPERM") return "may not be read by this user";
  return `cannot be read (${code})`;
}
