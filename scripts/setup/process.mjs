/**
 * Child processes that never outlive this program. Each child leads its own process group, so that
 * a signal
 * reaches it once (a terminal would otherwise send Ctrl-C to the whole family and we would pass on
 * a second one) and so that its own children can be ended with it.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";

const GRACE_MS = 8_000;
const groups = process.platform !== "win32";

/** @type {Set<import("node:child_process").ChildProcess>} */
const alive = new Set();
/** @type {NodeJS.Signals | undefined} */
let stopping;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {"inherit" | "capture"} [output] capture: collected into the result. Default capture.
 * @property {number} [timeoutMs] The child is ended after this long. Default: never.
 *
 * @typedef {object} RunResult
 * @property {number} code Exit code; 128 + n after signal n, 127 when it could not be started.
 * @property {string} output What it wrote, when captured.
 * @property {boolean} timedOut
 */

/**
 * Runs a program to its end. A failure does not reject: check `code`.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(file, args, options = {}) {
  const { cwd, env, output = "capture", timeoutMs } = options;
  if (stopping) return Promise.resolve({ code: signalCode(stopping), output: "", timedOut: false });
  return new Promise((resolve) => {
    const stdio = output === "inherit" ? "inherit" : "pipe";
    const child = spawn(file, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: env ?? process.env,
      stdio: ["ignore", stdio, stdio],
      detached: groups,
    });
    alive.add(child);
    let text = "";
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => (text += chunk));
    }
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end(child, "SIGKILL");
          }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      alive.delete(child);
      resolve({ code: 127, output: `${text}${error.message}\n`, timedOut });
    });
    // Processes that the child left in its group would keep its pipes open, and this program
    // running.
    child.on("exit", () => end(child, "SIGKILL"));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      alive.delete(child);
      resolve({ code: code ?? signalCode(signal ?? "SIGKILL"), output: text, timedOut });
    });
  });
}

/**
 * Passes SIGINT, SIGTERM and SIGHUP on to every child and exits once all have ended; a second
 * signal, or {@link GRACE_MS} without an end, kills them.
 */
export function forwardSignals() {
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      const name = stopping ? "SIGKILL" : signal;
      stopping ??= signal;
      for (const child of alive) end(child, name);
      const killer = setTimeout(() => {
        for (const child of alive) end(child, "SIGKILL");
      }, GRACE_MS);
      killer.unref();
      process.exitCode = signalCode(stopping);
      void whenIdle().then(() => process.exit(signalCode(signal)));
    });
  }
}

async function whenIdle() {
  await Promise.all(
    Array.from(alive, (child) => new Promise((resolve) => child.once("close", resolve))),
  );
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function end(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (groups) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // The process has already ended.
  }
}

/** @param {NodeJS.Signals} signal */
function signalCode(signal) {
  return 128 + (constants.signals[signal] ?? 0);
}
