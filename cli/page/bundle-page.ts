/** The host page as one script. The package's build keeps the result; from source it is made anew. */
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
    // It belongs to the command's own server, not to the bundle.
    external: ["/methods.js"],
    legalComments: "none",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
