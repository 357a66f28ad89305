/** Bundles a public entry as an application would, from source. */
import { join } from "node:path";
import { build } from "esbuild";
import { readPackageJson } from "../../packages/public-packages.ts";

export interface BundleOptions {
  readonly platform: "browser" | "node";
  /** Packages that the application brings itself, such as React. */
  readonly external?: readonly string[];
}

export interface Bundle {
  readonly text: string;
  /** The files that tree shaking left in the result, with their number of bytes. */
  readonly used: ReadonlyMap<string, number>;
}

/** The entries of a workspace's `exports`: `.` → `./src/index.ts`. */
export async function sourceEntries(root: string, folder: string): Promise<Map<string, string>> {
  const { exports = {} } = await readPackageJson(join(root, folder));
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(exports)) {
    const source =
      typeof target === "object" && target !== null && "@breezeway/source" in target
        ? target["@breezeway/source"]
        : undefined;
    if (typeof source === "string") entries.set(subpath, source);
  }
  return entries;
}

/** Bundles files (relative to the root) and everything that they import into one. */
export async function bundle(
  root: string,
  files: readonly string[],
  options: BundleOptions,
): Promise<Bundle> {
  const { platform, external = [] } = options;
  const contents =
    files.length === 1
      ? `export * from "./${files[0]}";`
      : files.map((file, index) => `export * as e${index} from "./${file}";`).join("\n");
  const result = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, loader: "ts", sourcefile: "entries.ts" },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    conditions: ["@breezeway/source"],
    legalComments: "none",
    logLevel: "silent",
    external: [...external],
    platform,
  });
  const outputs = Object.values(result.metafile.outputs);
  return {
    text: result.outputFiles.map((file) => file.text).join("\n"),
    used: new Map(
      outputs
        .flatMap(({ inputs }) => Object.entries(inputs))
        .map(([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput])
        .filter(([, bytes]) => bytes > 0),
    ),
  };
}
