/** Which of the other languages this machine can run, and why not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian keeps golang-jwt; there is no module proxy to ask while tests run. */
export const DEBIAN_GOLANG_JWT = "/usr/share/gocode/src/github.com/golang-jwt/jwt";
// Debian's packages belong to Debian's interpreter, whatever python3 comes first on the PATH.
const PYTHONS = ["/usr/bin/python3", "python3"] as const;

/** What is missing for Go, or `undefined`. */
export function goIsMissing(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, "go")))) return "no go on the PATH";
  return existsSync(DEBIAN_GOLANG_JWT) ? undefined : `no golang-jwt in ${DEBIAN_GOLANG_JWT}`;
}

export interface Python {
  readonly command: string;
  /** The modules of the list that this interpreter does not have. */
  readonly missing: readonly string[];
}

/** The first interpreter with all the modules, else the one that lacks the fewest. */
export function findPython(modules: readonly string[]): Python {
  const found = PYTHONS.map((command) => ({ command, missing: missingFrom(command, modules) }));
  const [first, ...others] = found.sort((a, b) => a.missing.length - b.missing.length);
  return first ?? others[0] ?? { command: "python3", missing: modules };
}

function missingFrom(command: string, modules: readonly string[]): readonly string[] {
  const script =
    "import importlib.util, sys; " +
    "print(*[name for name in sys.argv[1:] if not importlib.util.find_spec(name)])";
  const { status, stdout } = spawnSync(command, ["-c", script, ...modules], { encoding: "utf8" });
  return status === 0 ? stdout.split(/\s+/u).filter(Boolean) : modules;
}
