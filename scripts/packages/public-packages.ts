/** The workspaces and the packages among them that are published. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { ROOT } from "../suite/root.ts";

const dependencies = z.optional(z.record(z.string(), z.string()));

const packageSchema = z.looseObject({
  name: z.string(),
  version: z.optional(z.string()),
  private: z.optional(z.boolean()),
  workspaces: z.optional(z.array(z.string())),
  exports: z.optional(z.record(z.string(), z.unknown())),
  dependencies,
  devDependencies: dependencies,
  peerDependencies: dependencies,
  optionalDependencies: dependencies,
});

export type PackageJson = z.infer<typeof packageSchema>;

export interface Workspace {
  /** Relative to the root: `guest`. */
  readonly folder: string;
  readonly name: string;
  readonly manifest: PackageJson;
}

/** All workspaces of the root package.json, in its order. */
export async function readWorkspaces(root: string = ROOT): Promise<Workspace[]> {
  const { workspaces = [] } = await readPackageJson(root);
  return Promise.all(
    workspaces.map(async (folder) => {
      const manifest = await readPackageJson(join(root, folder));
      return { folder, name: manifest.name, manifest };
    }),
  );
}

/** The workspaces that are published. */
export async function publicPackages(root: string = ROOT): Promise<Workspace[]> {
  return (await readWorkspaces(root)).filter((entry) => entry.manifest.private !== true);
}

export async function readPackageJson(folder: string): Promise<PackageJson> {
  return z.parse(packageSchema, JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
}
