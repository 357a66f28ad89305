/** Assigns processes to the two cores of a machine. Needs taskset and chrt, which Linux has. */
import { execFileSync, spawn } from "node:child_process";
import process from "node:process";

/** Keeps all threads of a process on a core. */
export function pin(core: number, pid: number | undefined): void {
  try {
    execFileSync("taskset", ["-a", "-cp", String(core), String(pid)], { stdio: "ignore" });
  } catch {
    process.stderr.write("taskset is missing: load and contenders share the cores.\n");
  }
}

/** The program ends when its parent has ended, in whatever way, also before the program starts. */
const SPIN =
  "const parent = Number(process.argv[1]); while (process.ppid === parent) for (let i = 0; i < 1e6; i += 1);";

/**
 * Spins on each core at idle priority, so that none halts. Waking a halted virtual core takes the
 * sender longer than a request or a call, and slows the faster contender more, because its peer
 * sleeps more often.
 */
export function keepAwake(cores: readonly number[]): void {
  for (const core of cores) {
    const spin = [process.execPath, "-e", SPIN, String(process.pid)];
    const args = ["--idle", "0", "taskset", "-c", String(core), ...spin];
    const child = spawn("chrt", args, { stdio: "ignore" });
    child.on("error", () => {
      process.stderr.write("chrt is missing: cores that halt disturb the figures.\n");
    });
    child.unref();
  }
}
