/**
 * Jobs that run a program, which is a tool of `node_modules/.bin`, or one of our own check scripts.
 */
import { join } from "node:path";
import process from "node:process";
import { run } from "../setup/process.mjs";
import type { Job, JobResult } from "./jobs.ts";
import { ROOT } from "./root.ts";

export interface ToolJobOptions {
  readonly needs?: readonly string[];
  readonly cores?: number;
}

/** A tool whose exit code says whether its one check passed. */
export function toolJob(
  name: string,
  command: readonly [tool: string, ...args: string[]],
  options: ToolJobOptions = {},
): Job {
  return { ...options, name, run: () => runTool(command) };
}

/** One check of `scripts/checks/run.ts`. */
export function checkJob(name: string, args: readonly string[], options: ToolJobOptions = {}): Job {
  const script = join(ROOT, "scripts/checks/run.ts");
  return { ...options, name, run: () => runTool([process.execPath, script, ...args]) };
}

async function runTool([tool, ...args]: readonly [string, ...string[]]): Promise<JobResult> {
  const { code, output } = await run(tool, args, { cwd: ROOT });
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output };
}
