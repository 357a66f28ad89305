/**
 * The Go example: built with Debian's copy of the library, since tests may not ask a module proxy.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runProgram, startProgram } from "@breezeway/test-support/processes";
import type { Program } from "./program.ts";
import { EXAMPLES, settings } from "./settings.ts";

const FOLDER = join(EXAMPLES, "go-net-http");
const BUILD = join(EXAMPLES, "../.cache/examples");
const BINARY = join(BUILD, "go-net-http");
// Replaces the project's go.mod, which stays as users need it.
const MODFILE = join(BUILD, "go.mod");
const LIBRARY = "github.com/golang-jwt/jwt/v4";
const DEBIAN_LIBRARY = "/usr/share/gocode/src/github.com/golang-jwt/jwt";
const ENV = {
  GO111MODULE: "on",
  GOFLAGS: "-mod=mod",
  GOPROXY: "off",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
};

export function goExample(): Program {
  return {
    name: "Go net/http",
    language: "Go",
    routes: ["/orders"],
    missing: whatIsMissing(),
    async prepare() {
      await mkdir(BUILD, { recursive: true });
      await copyFile(join(FOLDER, "go.mod"), MODFILE);
      await go("mod", "edit", "-replace", `${LIBRARY}=${DEBIAN_LIBRARY}`, MODFILE);
      await go("build", "-modfile", MODFILE, "-o", BINARY, ".");
    },
    start: (jwksUrl, port) =>
      startProgram(BINARY, [], port, { cwd: BUILD, env: settings(jwksUrl, port) }),
    async runUnitTests() {
      // `go test` runs the useful part of `go vet` by itself.
      await go("test", "-modfile", MODFILE, ".");
    },
  };
}

function go(...args: string[]): Promise<void> {
  return runProgram("go", args, { cwd: FOLDER, env: ENV });
}

function whatIsMissing(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, "go")))) return "no go on the PATH";
  return existsSync(DEBIAN_LIBRARY) ? undefined : `no golang-jwt in ${DEBIAN_LIBRARY}`;
}
