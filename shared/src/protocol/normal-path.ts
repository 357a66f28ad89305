import { SURFACE_LIMITS } from "../limits.ts";

// URL parsers drop a space or control character in some places, and read a backslash as a slash.
// A path without them always parses, and never names another host.
const PATH = /^\/(?!\/)[^\s\\\p{Cc}]*$/u;
const BASE = "https://path.invalid";

/**
 * Returns a path with query and fragment in normal form, as a browser shows it; `undefined` for a
 * path that leaves its origin. The result is safe to resolve again. `/.//x`, for example, is refused:
 * its normal form `//x` names a host.
 */
export function normalPath(path: string): string | undefined {
  if (!PATH.test(path)) return undefined;
  const { pathname, search, hash } = new URL(path, BASE);
  const normal = pathname + search + hash;
  // An escaped path is up to nine times as long, and servers refuse long paths when a page reloads.
  const isShort = normal.length <= SURFACE_LIMITS.maxPathLength;
  return isShort && !pathname.startsWith("//") ? normal : undefined;
}
