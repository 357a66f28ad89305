import { cgiNameOf } from "./header-kinds.ts";

/**
 * The test for `removeHeaders`. It matches every spelling that CGI maps to one of the names.
 *
 * @param patterns - Header names with `-` in any case, or prefixes followed by `*`.
 * @returns a test of lower-case names; `undefined` without patterns
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
