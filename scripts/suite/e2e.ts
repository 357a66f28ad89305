/**
 * Runs the browser tests alone. Arguments are passed to Playwright: `npm run e2e --
 * specs/orders.spec.ts`.
 */
import process from "node:process";
import { forwardSignals } from "../setup/process.mjs";
import { runSuite } from "./report.ts";
import { playwrightJob } from "./test-runners.ts";

forwardSignals();
process.exitCode = await runSuite([playwrightJob({ args: process.argv.slice(2) })], {
  strict: false,
});
