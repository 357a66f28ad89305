/** `npm run build`: everything that is published, ready under each `dist/` and `.cache/packages`. */
import process from "node:process";
import { buildPackages } from "./packages/build.ts";
import { forwardSignals } from "./setup/process.mjs";
import { ROOT } from "./suite/root.ts";

forwardSignals();
try {
  for (const path of await buildPackages(ROOT)) process.stdout.write(`${path}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
