/** Tarballs as `npm publish` would send them, under `.cache/packages`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { npm } from "../setup/dependencies.mjs";
import type { Workspace } from "./public-packages.ts";

const packReport = z.array(
  z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }),
);

export interface Tarball {
  readonly path: string;
  /** Relative to the package. */
  readonly files: readonly string[];
}

export function tarballFolder(root: string): string {
  return join(root, ".cache/packages");
}

/** Where {@link packWorkspace} puts a package's tarball. */
export function tarballPath(root: string, workspace: Workspace): string {
  return join(tarballFolder(root), fileNameOf(workspace));
}

function fileNameOf({ manifest }: Workspace): string {
  return `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
}

/** Packs into `folder`; default {@link tarballFolder}. */
export async function packWorkspace(
  root: string,
  workspace: Workspace,
  folder: string = tarballFolder(root),
): Promise<Tarball> {
  await mkdir(folder, { recursive: true });
  const args = ["pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`];
  const { code, output } = await npm(args, join(root, workspace.folder));
  if (code !== 0) throw new Error(`npm pack failed for ${workspace.name}:\n${output}`);
  // npm's warnings stand before the JSON.
  const report = z.parse(packReport, JSON.parse(output.slice(output.indexOf("["))));
  return {
    path: join(folder, fileNameOf(workspace)),
    files: (report[0]?.files ?? []).map((file) => file.path),
  };
}
