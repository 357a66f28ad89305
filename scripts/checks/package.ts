/** Checks one package's tarball: its content, publint in strict mode, and are-the-types-wrong. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publicPackages, type PackageJson, type Workspace } from "../packages/public-packages.ts";
import { packWorkspace } from "../packages/pack.ts";
import { run } from "../setup/process.mjs";

export async function checkPackage(root: string, folder: string): Promise<string[]> {
  const workspace = (await publicPackages(root)).find((entry) => entry.folder === folder);
  if (!workspace) return [`${folder} is not a public package`];
  const temporary = await mkdtemp(join(tmpdir(), "breezeway-package-"));
  try {
    return await tarballProblems(root, workspace, temporary);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function tarballProblems(
  root: string,
  workspace: Workspace,
  temporary: string,
): Promise<string[]> {
  const { folder } = workspace;
  const { path, files } = await packWorkspace(root, workspace, temporary);
  return [
    ...manifestProblems(workspace.manifest, folder),
    ...contentProblems(workspace.manifest, files),
    ...(await toolProblems(root, ["publint", "run", path, "--strict"])),
    ...(await toolProblems(root, [
      "attw",
      path,
      ...["--profile", "esm-only", "--no-emoji"],
      ...withoutTypes(workspace.manifest),
    ])),
  ];
}

/** Entries that are a plain file, such as the script-tag build, have no types to check. */
function withoutTypes({ exports = {} }: PackageJson): string[] {
  const files = Object.entries(exports).filter(([, target]) => typeof target === "string");
  return files.length === 0 ? [] : ["--exclude-entrypoints", ...files.map(([subpath]) => subpath)];
}

/**
 * For tools that do not read `exports`: `main`, `types`, and `typesVersions` for the other entries of
 * TypeScript's `node10`.
 */
export function olderFields({ exports = {} }: PackageJson): Record<string, unknown> {
  const entries = Object.entries(exports).flatMap(([subpath, target]) =>
    isTyped(target) ? [{ name: subpath.replace(/^\.\/?/u, ""), ...target }] : [],
  );
  const main = entries.find(({ name }) => name === "");
  const others = entries.filter(({ name }) => name !== "");
  return {
    main: main?.default,
    types: main?.types,
    typesVersions:
      others.length === 0
        ? undefined
        : { "*": Object.fromEntries(others.map(({ name, types }) => [name, [types]])) },
  };
}

function isTyped(target: unknown): target is { types: string; default: string } {
  return typeof target === "object" && target !== null && "types" in target && "default" in target;
}

const PREPACK = '"prepack":"node ../scripts/run.mjs build --no-pack"';

/** Checks the fields that a registry's page shows. */
export function manifestProblems(manifest: PackageJson, folder: string): string[] {
  const wanted = {
    description: (value: unknown) => typeof value === "string" && value.length > 20,
    license: (value: unknown) => value === "MIT",
    keywords: (value: unknown) => Array.isArray(value) && value.length > 0,
    engines: (value: unknown) => typeof value === "object",
    repository: (value: unknown) => JSON.stringify(value ?? "").includes(`"${folder}"`),
    type: (value: unknown) => value === "module",
    // A clean clone has no dist, so publishing from it must build first.
    scripts: (value: unknown) => JSON.stringify(value ?? "").includes(PREPACK),
  };
  const older = Object.entries(olderFields(manifest)).filter(
    ([field, value]) => JSON.stringify(manifest[field]) !== JSON.stringify(value),
  );
  return [
    ...Object.entries(wanted)
      .filter(([field, isRight]) => !isRight(manifest[field]))
      .map(([field]) => `${folder}/package.json: ${field} is missing or wrong`),
    ...older.map(
      ([field, value]) =>
        `${folder}/package.json: ${field} must repeat exports: ${JSON.stringify(value)}`,
    ),
  ];
}

/** Checks that no test is shipped and that every file in `exports` is. */
export function contentProblems(manifest: PackageJson, files: readonly string[]): string[] {
  const unwanted = files.filter((file) =>
    /\.test(-d)?\.|(^|\/)test-support\/|\.tsbuildinfo$/u.test(file),
  );
  const targets = Object.values(manifest.exports ?? {}).flatMap(targetsOf);
  const missing = targets.filter((target) => !files.includes(target.replace("./", "")));
  return [
    ...unwanted.map((file) => `${manifest.name} ships ${file}`),
    ...missing.map((file) => `${manifest.name} exports ${file} and does not ship it`),
    ...["LICENSE", "README.md"]
      .filter((file) => !files.includes(file))
      .map((file) => `${manifest.name} ships no ${file}`),
  ];
}

/** The files that an `exports` value names, under all conditions. */
function targetsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(targetsOf) : [];
}

async function toolProblems(
  root: string,
  [tool, ...args]: [string, ...string[]],
): Promise<string[]> {
  const { code, output } = await run(tool, args, { cwd: root });
  return code === 0 ? [] : [`${tool} refuses the package:\n${output.trim()}`];
}
