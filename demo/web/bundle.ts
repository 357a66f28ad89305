/** Bundles scripts and style sheets in memory when the demo starts. Nothing is written to disk. */
import { build } from "esbuild";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

const ENTRIES = {
  shell: ["shell/main.ts", "shell/shell.css"],
  orders: ["guests/orders/main.ts", "guests/orders/orders.css"],
  "customer-pane": ["guests/customer-pane/main.ts", "guests/customer-pane/customer-pane.css"],
  inspector: ["guests/inspector/main.ts", "guests/inspector/inspector.css"],
} as const;

export type BundleName = keyof typeof ENTRIES;

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** Files by their path on the site: `/assets/orders.js`. */
export type Assets = ReadonlyMap<string, Asset>;

export type Sites = Readonly<Record<BundleName, Assets>>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  woff2: "font/woff2",
  map: "application/json",
};

/** Bundles all sites in one run, so shared modules are read and parsed once. */
export async function bundleSites(): Promise<Sites> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(ENTRIES).flatMap(([name, files]) =>
      files.map((file) => ({ in: file, out: name })),
    ),
    bundle: true,
    write: false,
    outdir: "assets",
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: "linked",
    conditions: ["@breezeway/source"],
    loader: { ".woff2": "file" },
    logLevel: "silent",
  });
  const files = outputFiles.map(({ path, contents }) => {
    const file = basename(path);
    const contentType = CONTENT_TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "text/plain";
    return { file, asset: { body: new Uint8Array(contents), contentType } };
  });
  const assetsOf = (name: BundleName): Assets =>
    new Map(
      files
        .filter(({ file }) => file.startsWith(`${name}.`) || file.endsWith(".woff2"))
        .map(({ file, asset }) => [`/assets/${file}`, asset]),
    );
  return {
    shell: assetsOf("shell"),
    orders: assetsOf("orders"),
    "customer-pane": assetsOf("customer-pane"),
    inspector: assetsOf("inspector"),
  };
}
