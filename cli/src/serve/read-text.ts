/** Files that decide who gets in: the configuration, its manifests, its secrets, its hooks. */
import { lstatSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { isAbsolute, join, parse, resolve, sep } from "node:path";
import { BridgeError } from "@breezeway/shared";

// Of a mode: everybody on the machine may write.
const WORLD_WRITABLE = 0o002;
// Of a folder's mode: nobody replaces the files of others in it.
const STICKY = 0o1000;
const ROOT = 0;
/** More than thousands of routes and manifests need, and nothing to wait for. */
const MAX_TEXT_BYTES = 1_048_576;

/**
 * @param source - What names the file, such as `breezeway.json: issuer.hooks`.
 * @throws {BridgeError} CONFIG_INVALID when it cannot be read, is no file or larger than 1 MiB, or when
 *   anybody could have written it
 */
export function readTrustedText(path: string, source: string): string {
  return naming(path, source, () => {
    const { size } = assertTrusted(path, source);
    if (size <= MAX_TEXT_BYTES) return readFileSync(path, "utf8");
    throw invalid(`${source}: ${path} is larger than ${MAX_TEXT_BYTES} bytes.`);
  });
}

/** The same for a file that somebody else reads. */
export function assertTrustedFile(path: string, source: string): void {
  naming(path, source, () => assertTrusted(path, source));
}

function naming<T>(path: string, source: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (BridgeError.is(cause)) throw cause;
    throw new BridgeError("CONFIG_INVALID", `${source}: ${path} ${faultOf(cause)}.`, { cause });
  }
}

function assertTrusted(path: string, source: string): { readonly size: number } {
  const file = statSync(path);
  // A pipe would be waited for without end, and a device read without end.
  if (!file.isFile()) throw invalid(`${source}: ${path} is not a file.`);
  if (process.platform === "win32") return file;
  if ((file.mode & WORLD_WRITABLE) !== 0) {
    throw invalid(`${source}: every user of this machine may write ${path}; chmod o-w it.`);
  }
  for (const { folder, entry } of stepsTo(path)) {
    const { mode } = statSync(folder);
    if ((mode & WORLD_WRITABLE) === 0) continue;
    if ((mode & STICKY) === 0) {
      throw invalid(
        `${source}: every user of this machine may replace ${path}; chmod o-w the folder ${folder}.`,
      );
    }
    // Everybody may have put it there first, and whoever owns it may change it.
    const { uid } = lstatSync(entry);
    if (uid !== ROOT && uid !== process.getuid?.()) {
      throw invalid(
        `${source}: another user put ${entry} into a folder that is open to all; move ${path} elsewhere.`,
      );
    }
  }
  return file;
}

interface Step {
  /** A folder in which a name is looked up, free of links. */
  readonly folder: string;
  /** What has that name. */
  readonly entry: string;
}

/** Each name that is looked up on the way to a file, those of links included. */
function* stepsTo(path: string): Generator<Step> {
  const whole = resolve(path);
  let folder = parse(whole).root;
  const names = namesIn(whole);
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const entry = join(folder, name);
    yield { folder, entry };
    if (!lstatSync(entry).isSymbolicLink()) {
      folder = entry;
      continue;
    }
    const target = readlinkSync(entry);
    if (isAbsolute(target)) folder = parse(target).root;
    names.unshift(...namesIn(target));
  }
}

function namesIn(path: string): string[] {
  return path.split(sep).filter((name) => name !== "" && name !== ".");
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
