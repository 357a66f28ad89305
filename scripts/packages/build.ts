/**
 * Builds everything that is published: JavaScript and declarations by `tsc -b`, the guest's
 * script-tag builds by rolldown, the page of `breezeway dev` by esbuild, and the tarballs.
 */
import { existsSync } from "node:fs";
import { glob, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { bundlePage } from "../../cli/page/bundle-page.ts";
import { run } from "../setup/process.mjs";
import { packWorkspace } from "./pack.ts";
import { publicPackages, type Workspace } from "./public-packages.ts";

/** The sources and targets of the script-tag builds. */
const SCRIPT_TAGS = [
  { from: "guest/src/script-tag.ts", to: "guest/dist/breezeway.js", hasWords: false },
  { from: "guest/src/script-tag.ts", to: "guest/dist/breezeway.development.js", hasWords: true },
  { from: "guest/src/script-tag-proof.ts", to: "guest/dist/breezeway-proof.js", hasWords: false },
];
/** The source and target of the page that `breezeway dev` serves. */
const DEV_PAGE = { from: "cli/page/main.ts", to: "cli/dist/dev/page.js" };

/** Builds and packs every public package; resolves to the tarballs' paths. */
export async function buildPackages(root: string): Promise<string[]> {
  const tarballs: string[] = [];
  for (const entry of await compilePackages(root)) {
    tarballs.push((await packWorkspace(root, entry)).path);
  }
  return tarballs;
}

/** Fills `dist` of every public package. */
export async function compilePackages(root: string): Promise<Workspace[]> {
  const packages = await publicPackages(root);
  for (const entry of packages) await removeOrphans(root, entry.folder);
  await compile(
    root,
    packages.map((entry) => entry.folder),
  );
  for (const script of SCRIPT_TAGS) {
    if (existsSync(join(root, script.from))) await buildScriptTag(root, script);
  }
  if (existsSync(join(root, DEV_PAGE.from))) {
    await writeFile(join(root, DEV_PAGE.to), await bundlePage(join(root, DEV_PAGE.from)));
  }
  return packages;
}

async function compile(root: string, folders: readonly string[]): Promise<void> {
  // The compiler trusts its build info and does not notice a removed `dist`.
  const incomplete = folders.some((folder) => !existsSync(join(root, folder, "dist")));
  const force = incomplete ? ["--force"] : [];
  const { code, output } = await run("tsc", ["-b", ...force, ...folders], { cwd: root });
  if (code !== 0) throw new Error(`tsc failed:\n${output}`);
}

async function buildScriptTag(
  root: string,
  { from, to, hasWords }: (typeof SCRIPT_TAGS)[number],
): Promise<void> {
  // Not esbuild, which keeps functions that only removed words call.
  const bundle = await rolldown({
    cwd: root,
    input: from,
    platform: "browser",
    transform: { target: "es2022" },
    resolve: {
      conditionNames: [
        ...["@breezeway/source", hasWords ? "development" : "production"],
        ...["browser", "module", "import"],
      ],
    },
  });
  await bundle.write({ file: to, format: "iife", minify: true, sourcemap: true });
  await bundle.close();
}

/** Removes compiled files whose source no longer exists, so that no tarball contains them. */
export async function removeOrphans(root: string, folder: Workspace["folder"]): Promise<void> {
  const dist = join(root, folder, "dist");
  if (!existsSync(dist)) return;
  for await (const file of glob("**/*.{js,d.ts,js.map,d.ts.map}", { cwd: dist })) {
    const stem = join(root, folder, "src", file.replace(/(\.d\.ts|\.js)(\.map)?$/u, ""));
    if (!existsSync(`${stem}.ts`) && !existsSync(`${stem}.tsx`)) await rm(join(dist, file));
  }
}
