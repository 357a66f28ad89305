/** Reads the files that decide about access: the configuration, its manifests, secrets and hooks. */
import { lstatSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { isAbsolute, join, parse, resolve, sep } from "node:path";
import { BridgeError } from "@breezeway/shared";

// Mode bit: every user of the machine may write.
const WORLD_WRITABLE = 0o002;
// Mode bit of a folder: users can replace only their own files in it.
const STICKY = 0o1000;
const ROOT = 0;
/** Enough for thousands of routes and manifests, and read within milliseconds. */
const MAX_TEXT_BYTES = 1_048_576;

/**
 * Reads a file that only trusted users can write.
 *
 * @param source The field that names the file, such as `breezeway.json: issuer.hooks`.
 * @throws {BridgeError} CONFIG_INVALID, when the file cannot be read, is not a regular file, is larger
 * than 1 MiB, or could have been written by any user
 */
export function readTrustedText(path: string, source: string): string {
  return naming(path, source, () => {
    const { size } = assertTrusted(path, source);
    if (size <= MAX_TEXT_BYTES) return readFileSync(path, "utf8");
    throw invalid(`${source}: ${path} is larger than ${MAX_TEXT_BYTES} bytes.`);
  });
}

/** The same checks for a file that other code reads. */
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
  // Reading a pipe or a device may never end.
  if (!file.isFile()) throw invalid(`${source}: ${path} is not a file.`);
  if (process.platform === "win32") return file;
  if ((file.mode & WORLD_WRITABLE) !== 0) {
    throw invalid(`${source}: every user of this machine can write ${path}. Run chmod o-w on it.`);
  }
  for (const { folder, entry } of stepsTo(path)) {
    const { mode } = statSync(folder);
    if ((mode & WORLD_WRITABLE) === 0) continue;
    if ((mode & STICKY) === 0) {
      throw invalid(
        `${source}: every user of this machine can replace ${path}. Run chmod o-w on the folder ${folder}.`,
      );
    }
    // Any user may have created the entry first, and its owner can change it.
    const { uid } = lstatSync(entry);
    if (uid !== ROOT && uid !== process.getuid?.()) {
      throw invalid(
        `${source}: another user created ${entry} in a folder that all users can write. Move ${path} elsewhere.`,
      );
    }
  }
  return file;
}

interface Step {
  /** The folder in which the name is looked up, without symbolic links. */
  readonly folder: string;
  /** Path of the entry with that name. */
  readonly entry: string;
}

/** The lookups on the way to a file, including those of symbolic links. */
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
  if (code === "ENOENT") return "does not exist";
  if (code === "EACCES" || code === "EPERM") return "must be readable by this user";
  return `cannot be read (${code})`;
}
