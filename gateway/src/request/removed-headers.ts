import { cgiNameOf } from "./header-kinds.ts";

/**
 * @param patterns - Header names with `-`, in any case; `*` behind the beginning of one.
 * @returns a test of names in lower case, in every spelling that CGI would read as one of these;
 *   `undefined` for no patterns
 */
export function createRemoval(
  patterns: readonly string[],
): ((name: string) => boolean) | undefined {
  if (patterns.length === 0) return undefined;
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  const names = new Set(lower.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = lower
    .filter((pattern) => pattern.endsWith("*"))
    .map((each) => each.slice(0, -1));
  return (name) => {
    const cgiName = cgiNameOf(name);
    return names.has(cgiName) || prefixes.some((prefix) => cgiName.startsWith(prefix));
  };
}
