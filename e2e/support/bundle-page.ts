/** Bundles one fixture as a classic script, for a page without a server. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const bundles = new Map<string, Promise<string>>();

/**
 * Bundles each page once per worker.
 *
 * @param path relative to `e2e/`
 */
export function bundlePage(path: string): Promise<string> {
  const known = bundles.get(path);
  if (known) return known;
  const bundle = bundleAnew(path);
  bundles.set(path, bundle);
  return bundle;
}

async function bundleAnew(path: string): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../${path}`, import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2024",
    conditions: ["@breezeway/source"],
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text ?? "";
}
