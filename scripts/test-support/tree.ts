import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../suite/root.ts";

/** Files by path. An object is written as JSON. */
export type Tree = Readonly<Record<string, string | object>>;

/** A temporary folder with these files, removed after the test. */
export async function writeTree(files: Tree): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "breezeway-test-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content, undefined, 2);
    await writeFile(join(root, path), text);
  }
  return root;
}

/** Workspaces as npm lays them out: linked under node_modules by name, beside real packages. */
export async function writeWorkspaces(
  workspaces: Readonly<Record<string, { manifest: object; files: Tree }>>,
  packages: readonly string[] = [],
): Promise<string> {
  const folders = Object.keys(workspaces);
  const tree: Record<string, string | object> = {
    "package.json": { name: "root", private: true, workspaces: folders },
  };
  for (const [folder, { manifest, files }] of Object.entries(workspaces)) {
    tree[`${folder}/package.json`] = { name: `@breezeway/${folder}`, type: "module", ...manifest };
    for (const [path, content] of Object.entries(files)) tree[`${folder}/${path}`] = content;
  }
  const root = await writeTree(tree);
  await mkdir(join(root, "node_modules/@breezeway"), { recursive: true });
  for (const folder of folders)
    await symlink(join(root, folder), join(root, "node_modules/@breezeway", folder));
  for (const name of packages)
    await symlink(join(ROOT, "node_modules", name), join(root, "node_modules", name));
  return root;
}

/** The `exports` of a workspace whose main entry is `src/index.ts`. */
export const MAIN_ENTRY: { exports: object } = {
  exports: { ".": { "@breezeway/source": "./src/index.ts", default: "./dist/index.js" } },
};
