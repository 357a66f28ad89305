/**
 * `npm run build`: builds everything that is published, under each `dist/` and `.cache/packages`.
 * With
 * `--no-pack` without the tarballs. Each package's `prepack` runs the latter, so that no package is
 * published unbuilt.
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
