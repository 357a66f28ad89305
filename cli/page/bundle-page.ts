/** Bundles the host page into one script: in the package's build, or at each start from source. */
import { build } from "esbuild";

/** @param entry absolute path of `main.ts` */
export async function bundlePage(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    minify: true,
    target: "es2022",
    conditions: ["@breezeway/source"],
    // The command's server serves it.
    external: ["/methods.js"],
    legalComments: "none",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
