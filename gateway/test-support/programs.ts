/** Servers of other projects, as Debian ships them. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";

const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];

/**
 * The program's path; `undefined` when it is not there, in which case the tests that need it are
 * reported as skipped. `npm test` installs it where it may.
 */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find(existsSync);
}

/** `initdb` and `postgres` live in a folder that is not on the PATH. */
export function findPostgres(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted().toReversed() : [];
  const folder = versions.map((version) => join(root, version, "bin")).find(hasServer);
  return folder ?? FOLDERS.find(hasServer);
}

function hasServer(folder: string): boolean {
  return existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"));
}

export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it wrote to standard output and error. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program and waits until it accepts connections on the port. */
export async function runProgram(
  command: string,
  args: readonly string[],
  port: number,
  options: { readonly uid?: number; readonly gid?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<RunningProgram> {
  const child = spawn(command, args, {
    cwd: tmpdir(),
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const exited = once(child, "exit");
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await exited;
  };
  const assertAlive = (): void => {
    if (child.exitCode !== null) throw new Error(`${command} ended: ${output}`);
  };
  while (!(await accepts(port))) {
    assertAlive();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Otherwise it was another program that accepted.
  assertAlive();
  return { child, output: () => output, stop, [Symbol.asyncDispose]: () => stop() };
}

export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "breezeway-gateway-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  const result = await promise;
  socket.destroy();
  return result;
}
