import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The bundle that the build of the package puts beside this file in `dist`. */
const BUILT = new URL("./page.js", import.meta.url);
const SOURCE = new URL("../../page/main.ts", import.meta.url);

interface Bundler {
  readonly bundlePage: (entry: string) => Promise<string>;
}

/** The host page's script. */
export async function readPageScript(): Promise<string> {
  if (!import.meta.url.endsWith(".ts")) return await readFile(BUILT, "utf8");
  // From source, in the repository. The published package does not contain this folder.
  const { bundlePage }: Bundler = await import(new URL("./bundle-page.ts", SOURCE).href);
  return await bundlePage(fileURLToPath(SOURCE));
}
