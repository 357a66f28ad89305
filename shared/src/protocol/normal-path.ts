import { SURFACE_LIMITS } from "../limits.ts";

// A space or a control character is dropped by URL parsers in some places; a backslash is a slash.
// What is left cannot fail to parse, nor name another host.
const PATH = /^\/(?!\/)[^\s\\\p{Cc}]*$/u;
const BASE = "https://path.invalid";

/**
 * A path with its query and fragment, as a browser would show it; `undefined` when it would lead off
 * its origin, wherever that is. What comes back is safe to resolve again: `/.//x` becomes `//x` in
 * a browser, which is a host.
 */
export function normalPath(path: string): string | undefined {
  if (!PATH.test(path)) return undefined;
  const { pathname, search, hash } = new URL(path, BASE);
  const normal = pathname + search + hash;
  // Escaped, it is up to nine times as long: more than a server takes when the page is loaded anew.
  const isShort = normal.length <= SURFACE_LIMITS.maxPathLength;
  return isShort && !pathname.startsWith("//") ? normal : undefined;
}
