/**
 * Runs the quick loop: format, lint, types, boundaries, and the unit tests that the working tree's
 * changes touch (all of them when nothing is changed, or with `npm run check -- --all`).
 */
import process from "node:process";
import { forwardSignals, run } from "../setup/process.mjs";
import { runSuite } from "./report.ts";
import { ROOT } from "./root.ts";
import { staticJobs } from "./static-jobs.ts";
import { vitestJob } from "./test-runners.ts";

forwardSignals();
const status = await run("git", ["status", "--porcelain"], { cwd: ROOT });
const changed = status.code === 0 && status.output !== "" && !process.argv.includes("--all");
const tests = vitestJob({ args: changed ? ["--changed", "--passWithNoTests"] : [] });
process.exitCode = await runSuite([...staticJobs(), tests], { strict: false });
