/**
 * `npm run build`: everything that is published, ready under each `dist/` and `.cache/packages`. With
 * `--no-pack` without the tarballs: what each package's `prepack` runs, so that none leaves unbuilt.
 */
import process from "node:process";
import { buildPackages, compilePackages } from "./packages/build.ts";
import { forwardSignals } from "./setup/process.mjs";
import { ROOT } from "./suite/root.ts";

forwardSignals();
try {
  if (process.argv.includes("--no-pack")) await compilePackages(ROOT);
  else process.stdout.write(`${(await buildPackages(ROOT)).join("\n")}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
