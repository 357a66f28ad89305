/** Child processes that always end, even when the test that started them is killed. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 20;

/** Where programs may be installed, in the order in which they are looked for. */
export const PROGRAM_FOLDERS: readonly string[] = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/sbin",
  "/usr/local/sbin",
];

/**
 * The program's path; `undefined` when it is not installed, in which case the tests that need it
 * are
 * reported as skipped. `npm test` installs it where it may.
 */
export function findProgram(name: string): string | undefined {
  return PROGRAM_FOLDERS.map((folder) => join(folder, name)).find(existsSync);
}

export interface ProgramOptions {
  /** Default: the temporary folder. */
  readonly cwd?: string;
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

export interface RunningProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What the program has written so far to standard output and error. */
  output(): string;
  /** Sends the signal and waits for the end. Default: `SIGTERM`. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program and waits until it accepts connections on the port. */
export async function startProgram(
  command: string,
  args: readonly string[],
  port: number,
  options: ProgramOptions = {},
): Promise<RunningProgram> {
  const child = start(command, args, options);
  const output = collectOutput(child);
  const exited = once(child, "close");
  const assertRunning = (): void => {
    if (hasEnded(child)) throw new Error(`${command} ended: ${output()}`);
  };
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    if (!hasEnded(child)) child.kill(signal);
    await exited;
  };
  try {
    while (!(await accepts(port))) {
      assertRunning();
      await delay(POLL_MS);
    }
    // The program that accepted could be another one.
    assertRunning();
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
  return { child, output, stop, [Symbol.asyncDispose]: () => stop() };
}

/** Runs a program to its end. @throws {Error} with its output when it fails */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<void> {
  const child = start(command, args, options);
  const output = collectOutput(child);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${output()}`);
}

/** Starts a script of this repository and waits for the first line that it prints. */
export async function startScript(
  script: string,
  args: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly firstLine: string }> {
  const child = spawn(process.execPath, ["--conditions=@breezeway/source", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [firstLine] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, firstLine };
}

function start(command: string, args: readonly string[], options: ProgramOptions): ChildProcess {
  const child = spawn(command, args, {
    cwd: tmpdir(),
    ...options,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) killWithTest(child, child.pid);
  return child;
}

/**
 * A test runner's worker that is killed runs no clean-up, but its pipes close: a watcher kills the
 * program when the watcher's standard input ends.
 */
export function killWithTest(child: ChildProcess, pid: number): void {
  const script = 'cat >/dev/null; kill -9 "$1" 2>/dev/null';
  const watcher = spawn("sh", ["-c", script, "sh", String(pid)], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.once("exit", () => watcher.kill("SIGKILL"));
}

function collectOutput(child: ChildProcess): () => string {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  child.on("error", (error) => chunks.push(error.message));
  return () => chunks.join("");
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
