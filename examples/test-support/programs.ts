/** The example programs: what each needs, and how it is started. */
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd, startServer, type Command, type RunningProgram } from "./processes.ts";
import { APP_ID, ISSUER } from "./token-forge.ts";
import { DEBIAN_GOLANG_JWT, findPython, goIsMissing } from "./toolchain.ts";

const EXAMPLES = join(import.meta.dirname, "..");
const GO_FOLDER = join(EXAMPLES, "go-net-http");
const BUILD = join(EXAMPLES, "../.cache/examples");

export interface Program {
  readonly name: string;
  /** Why it cannot run on this machine. */
  readonly missing: string | undefined;
  /** Compiles what must be compiled, once. */
  prepare(): Promise<void>;
  start(jwksUrl: string, port: number): Promise<RunningProgram>;
}

export function findPrograms(): readonly Program[] {
  const frameworks = ["flask", "fastapi", "django"];
  const python = findPython(["jwt", "cryptography", "uvicorn", ...frameworks]);
  const lacking = python.missing.join(", ");
  const pythonPrograms = frameworks.map((framework) => ({
    name: `Python ${framework}`,
    missing: lacking === "" ? undefined : `${python.command} has no ${lacking}`,
    prepare: async () => {},
    start: (jwksUrl: string, port: number) =>
      startServer(pythonCommand(python.command, framework, jwksUrl), port),
  }));
  return [
    {
      name: "Go net/http",
      missing: goIsMissing(),
      prepare: buildGo,
      start: (jwksUrl, port) => startServer(goCommand(jwksUrl), port),
    },
    ...pythonPrograms,
  ];
}

function settings(jwksUrl: string): Record<string, string> {
  return {
    BREEZEWAY_ISSUER: ISSUER,
    BREEZEWAY_APP_ID: APP_ID,
    BREEZEWAY_JWKS_URL: jwksUrl,
  };
}

function pythonCommand(command: string, framework: string, jwksUrl: string): Command {
  return {
    command,
    args: ["app.py"],
    cwd: join(EXAMPLES, `python-${framework}`),
    env: {
      ...settings(jwksUrl),
      PYTHONPATH: join(EXAMPLES, "python-shared"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  };
}

function goCommand(jwksUrl: string): Command {
  return { command: join(BUILD, "go-net-http"), args: [], cwd: BUILD, env: settings(jwksUrl) };
}

/** With Debian's copy of the library instead of the module proxy; go.mod itself stays as users need it. */
async function buildGo(): Promise<void> {
  await mkdir(BUILD, { recursive: true });
  const modfile = join(BUILD, "go.mod");
  const go = (...args: string[]): Promise<void> =>
    runToEnd({
      command: "go",
      args,
      cwd: GO_FOLDER,
      env: { GOFLAGS: "-mod=mod", GOPROXY: "off", GOTOOLCHAIN: "local", GO111MODULE: "on" },
    });
  const replacement = `github.com/golang-jwt/jwt/v4=${DEBIAN_GOLANG_JWT}`;
  await copyFile(join(GO_FOLDER, "go.mod"), modfile);
  await go("mod", "edit", "-replace", replacement, modfile);
  await go("build", "-modfile", modfile, "-o", join(BUILD, "go-net-http"), ".");
}
