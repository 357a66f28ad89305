/**
 * `node scripts/checks/run.ts NAME [ARGUMENT]`: runs one check, prints its findings and sets the
 * exit code.
 */
import process from "node:process";
import { ROOT } from "../suite/root.ts";

/** A check resolves to its findings, one entry each. */
type Check = (argument: string) => Promise<string[]>;

// Each check is loaded on demand, because each brings a tool of its own.
const CHECKS: Readonly<Record<string, Check>> = {
  boundaries: async () => (await import("./boundaries.ts")).checkBoundaries(ROOT),
  transport: async () => (await import("./transport.ts")).checkTransport(ROOT),
  "guest-bundle": async () => (await import("./guest-bundle.ts")).checkGuestBundle(ROOT),
  "gateway-signing": async () => (await import("./gateway-signing.ts")).checkGatewaySigning(ROOT),
  prose: async () => (await import("./prose.ts")).checkProse(ROOT),
  sizes: async () => (await import("./sizes.ts")).checkSizes(ROOT),
  package: async (folder) => (await import("./package.ts")).checkPackage(ROOT, folder),
  consumer: async () => (await import("./consumer.ts")).checkConsumer(ROOT),
};

const [name = "", argument = ""] = process.argv.slice(2);
const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
if (check) {
  try {
    const problems = await check(argument);
    for (const problem of problems) console.error(problem);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
} else {
  console.error(`Usage: node scripts/checks/run.ts ${Object.keys(CHECKS).join(" | ")}`);
  process.exitCode = 2;
}
