/**
 * Bundles a public entry, from source, as the production build of an application does: with the export
 * condition `production`, without unused code, and minified. The bundler is Vite's. webpack's result
 * differs by 1 %; esbuild's is 7 % larger, since it keeps functions that only removed texts call.
 */
import { join } from "node:path";
import { rolldown } from "rolldown";
import type { Bundle } from "./bundle.ts";

const ENTRY = "\0entry.js";

/** @param file Relative to the root. */
export async function productionBundle(
  root: string,
  file: string,
  external: readonly string[],
): Promise<Bundle> {
  const source = `export * from ${JSON.stringify(join(root, file))};`;
  const build = await rolldown({
    cwd: root,
    input: ENTRY,
    external: [...external],
    platform: "browser",
    resolve: { conditionNames: ["@breezeway/source", "production", "browser", "module", "import"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? source : undefined),
      },
    ],
  });
  const { output } = await build.generate({ minify: true });
  await build.close();
  const chunks = output.filter((part) => part.type === "chunk");
  return {
    text: chunks.map(({ code }) => code).join("\n"),
    used: new Map(
      chunks
        .flatMap(({ modules }) => Object.entries(modules))
        .map(([path, { renderedLength }]): [string, number] => [path, renderedLength])
        .filter(([, bytes]) => bytes > 0),
    ),
  };
}
