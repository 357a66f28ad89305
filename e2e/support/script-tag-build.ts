import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Builds a script for pages without a build step, as `npm run build` does. */
export async function scriptTagBuild(
  name: "script-tag" | "script-tag-proof" = "script-tag",
): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../guest/src/${name}.ts`, import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    minify: true,
    target: "es2022",
    conditions: ["@breezeway/source"],
  });
  return result.outputFiles[0]?.text ?? "";
}
