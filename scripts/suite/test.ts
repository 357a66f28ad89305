/**
 * Runs everything that CI runs, and counts every check and every test. The browser tests use half
 * of the cores all the time; everything else shares the other half.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import * as z from "zod/mini";
import { forwardSignals } from "../setup/process.mjs";
import { publicPackages } from "../packages/public-packages.ts";
import type { LeftOut } from "./jobs.ts";
import { runSuite } from "./report.ts";
import { staticJobs } from "./static-jobs.ts";
import { playwrightJob, vitestJob } from "./test-runners.ts";
import { withTempInMemory } from "./temp-folder.ts";
import { checkJob, toolJob } from "./tools.ts";

const missingPackages = z.array(
  z.object({ name: z.string(), why: z.string(), reason: z.string() }),
);

/** What `run.mjs` could not install. The tests that need it are skipped. */
function notInstalled(): LeftOut[] {
  const list = z.parse(missingPackages, JSON.parse(process.env["BREEZEWAY_SKIPPED_WHY"] ?? "[]"));
  return list.map(({ name, why, reason }) => ({ name: `${name} (${why})`, why: reason }));
}

forwardSignals();
const packages = await publicPackages();
const half = Math.ceil(availableParallelism() / 2);
// Unit tests spend much time waiting for processes and connections. The browser tests keep their
// half busy with one worker, because a browser has several processes.
const unitWorkers = 2 * half;
const jobs = [
  playwrightJob({ cores: half }),
  ...staticJobs(),
  checkJob("the guest's bundle", ["guest-bundle"]),
  checkJob("nothing in the gateway signs", ["gateway-signing"]),
  checkJob("sizes", ["sizes"]),
  toolJob("build", [process.execPath, "scripts/build.ts"], { needs: ["types"] }),
  // It mostly waits for the registry and the disk.
  checkJob("packages as a user installs them", ["consumer"], { needs: ["build"], cores: 0 }),
  ...packages.map((entry) =>
    checkJob(`package ${entry.name}`, ["package", entry.folder], { needs: ["build"] }),
  ),
  vitestJob({ cores: half, workers: unitWorkers }),
];
process.exitCode = await withTempInMemory(() =>
  runSuite(jobs, { strict: Boolean(process.env["CI"]), leftOut: notInstalled() }),
);
