import { fileURLToPath } from "node:url";
import { build } from "esbuild";

let bundled: Promise<string> | undefined;

/** The host page's script, bundled once per worker. */
export function hostPageScript(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  // From source in this repository, from `dist` where the package is installed.
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./host-page.ts" : "./host-page.js", import.meta.url);
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    conditions: isSource ? ["@breezeway/source"] : [],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
