/**
 * The Python examples: three frameworks over one copy of `session_token.py`, Django with a WSGI and with
 * an ASGI server.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runProgram, startProgram } from "@breezeway/test-support/processes";
import type { Program } from "./program.ts";
import { EXAMPLES, settings } from "./settings.ts";

const SERVERS = [
  { name: "flask", framework: "flask", routes: ["/orders"] },
  { name: "fastapi", framework: "fastapi", routes: ["/orders", "/async/orders"] },
  { name: "django", framework: "django", routes: ["/orders"] },
  { name: "django (ASGI)", framework: "django", routes: ["/async/orders"] },
] as const;
const MODULES = ["jwt", "cryptography", "uvicorn", "flask", "fastapi", "django"] as const;
const UVICORN = ["-m", "uvicorn", "app:application", "--log-level", "warning", "--port"] as const;
// Debian's packages belong to Debian's interpreter, whatever python3 comes first on the PATH.
const INTERPRETERS = ["/usr/bin/python3", "python3"] as const;
const SHARED = join(EXAMPLES, "python-shared");
// A user copies the file; here one copy serves all, and no cache of it is left in the tree.
const ENV = { PYTHONPATH: SHARED, PYTHONDONTWRITEBYTECODE: "1" };

export function pythonExamples(): readonly Program[] {
  const { command, missing } = findInterpreter();
  return SERVERS.map(({ name, framework, routes }) => ({
    name: `Python ${name}`,
    language: "Python",
    routes,
    missing: missing.length === 0 ? undefined : `${command} has no ${missing.join(", ")}`,
    prepare: async () => {},
    start: (jwksUrl, port) =>
      startProgram(command, name.endsWith("(ASGI)") ? [...UVICORN, `${port}`] : ["app.py"], port, {
        cwd: join(EXAMPLES, `python-${framework}`),
        env: { ...ENV, ...settings(jwksUrl, port) },
      }),
    runUnitTests: () =>
      runProgram(command, ["-m", "unittest", "issuer_keys_test", "vectors_test"], {
        cwd: SHARED,
        env: ENV,
      }),
  }));
}

interface Interpreter {
  readonly command: string;
  readonly missing: readonly string[];
}

/** The first with all modules, else the first. */
function findInterpreter(): Interpreter {
  const found: Interpreter[] = INTERPRETERS.map((command) => ({
    command,
    missing: modulesMissingFrom(command),
  }));
  const complete = found.find(({ missing }) => missing.length === 0);
  return complete ?? found[0] ?? { command: "python3", missing: MODULES };
}

function modulesMissingFrom(command: string): readonly string[] {
  const script =
    "import importlib.util, sys; " +
    "print(*[name for name in sys.argv[1:] if not importlib.util.find_spec(name)])";
  const { status, stdout } = spawnSync(command, ["-c", script, ...MODULES], { encoding: "utf8" });
  return status === 0 ? stdout.split(/\s+/u).filter(Boolean) : MODULES;
}
