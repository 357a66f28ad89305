/** The program of the npm package `bun`. */
import { createRequire } from "node:module";
import { arch, platform } from "node:process";

const load = createRequire(import.meta.url);

/** @throws {Error} when the package has no program for this machine */
export function bunProgram(): string {
  const cpu = arch === "arm64" ? "aarch64" : arch;
  // The package moves its program when npm runs its install script.
  const places = [`@oven/bun-${platform}-${cpu}/bin/bun`, "bun/bin/bun.exe"];
  for (const place of places) {
    try {
      return load.resolve(place);
    } catch {
      // It may be in the next one.
    }
  }
  throw new Error(`none of ${places.join(", ")} is installed`);
}
