/** Child processes that serve HTTP: started on free ports, awaited by their socket, always ended. */
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 25;
// A worker of the test runner that is stopped runs no clean-up, but its pipes close: the server is
// killed when its standard input ends, and so outlives no run that was broken off.
const KILL_AT_END_OF_INPUT = `exec 3<&0
"$@" 3<&- & server=$!
{ cat <&3; kill -9 $server; } >/dev/null 2>&1 &
wait $server`;

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface RunningProgram extends AsyncDisposable {
  readonly port: number;
  /** All that it has written so far, to both streams. */
  readonly output: () => string;
}

/** Starts a server and waits until its port accepts connections, as long as the test lets it. */
export async function startServer(command: Command, port: number): Promise<RunningProgram> {
  const args = ["-c", KILL_AT_END_OF_INPUT, "sh", command.command, ...command.args];
  const child = spawn("sh", args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env, PORT: String(port) },
    stdio: "pipe",
  });
  const output = collectOutput(child);
  try {
    await untilListening(child, port);
  } catch (cause) {
    await end(child);
    throw new Error(`${command.cwd}: ${command.args.join(" ")} did not start:\n${output()}`, {
      cause,
    });
  }
  return { port, output, [Symbol.asyncDispose]: () => end(child) };
}

/** Runs a command to its end. @throws {Error} with its output when it fails */
export async function runToEnd({ command, args, cwd, env }: Command): Promise<void> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collectOutput(child);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${output()}`);
}

function collectOutput(child: ChildProcess): () => string {
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  child.on("error", (error) => chunks.push(error.message));
  return () => chunks.join("");
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  while (!(await accepts(port))) {
    if (hasEnded(child)) throw new Error("it ended before it listened");
    await delay(POLL_MS);
  }
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

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

// Not a SIGTERM: Flask's and Django's own servers take their time over it, with nothing to save.
async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  const closed = hasEnded(child) ? undefined : once(child, "close");
  child.stdin.end();
  await closed;
}
