/**
 * Checks the import boundaries: the rules of `.dependency-cruiser.mjs`, and that every imported
 * package is
 * declared in the package.json of the workspace that imports it. npm hoists: an undeclared import
 * compiles and runs here, and breaks only for those who install the package.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseOptions, type ICruiseResult, type IModule } from "dependency-cruiser";
import { readPackageJson, readWorkspaces, type PackageJson } from "../packages/public-packages.ts";
import { visitUsingDeclarations } from "./support/using-declarations.ts";
import config from "../../.dependency-cruiser.mjs";

const SHIPPED = /^[^/]+\/src\//u;
const TEST = /\.test(-d)?\.tsx?$|(^|\/)test-support\//u;
/** Folders beside the workspaces; they use the root's own dependencies. */
const ROOT_FOLDERS = ["scripts", "docs"];

/** Resolves to one line per violation under `root`. */
export async function checkBoundaries(root: string): Promise<string[]> {
  const workspaces = await readWorkspaces(root);
  const manifests = new Map<string, PackageJson>(
    workspaces.map(({ folder, manifest }) => [folder, manifest]),
  );
  const folders = [...manifests.keys(), ...ROOT_FOLDERS].filter((folder) =>
    existsSync(join(root, folder)),
  );
  const { modules, violations } = await cruiseFolders(root, folders);
  const rootManifest = await readPackageJson(root);
  return [
    ...violations,
    ...modules.flatMap((module) => {
      const manifest = manifests.get(module.source.split("/")[0] ?? "");
      return undeclaredImports(module, manifest ?? rootManifest, rootManifest);
    }),
  ];
}

async function cruiseFolders(
  root: string,
  folders: string[],
): Promise<{ modules: IModule[]; violations: string[] }> {
  visitUsingDeclarations();
  const { options, ...ruleSet } = config;
  const cruiseOptions = { ...options, baseDir: root, validate: true, ruleSet } as ICruiseOptions;
  const resolveOptions = options.enhancedResolveOptions;
  const { output } = await cruise(folders, cruiseOptions, resolveOptions);
  // Without an outputType the output is the result itself, although its type allows a string.
  const result = output as ICruiseResult;
  const comments = new Map(config.forbidden.map(({ name, comment }) => [name, comment]));
  const violations = result.summary.violations.map(({ from, to, rule, cycle }) => {
    const path = cycle ? cycle.map((step) => step.name).join(" → ") : to;
    return `${from} → ${path}: ${comments.get(rule.name) ?? rule.name}`;
  });
  return { modules: result.modules, violations };
}

/** Tests may also use the root's development dependencies, which list the test tools once. */
function undeclaredImports(
  module: IModule,
  manifest: PackageJson,
  rootManifest: PackageJson,
): string[] {
  const shipped =
    manifest.private !== true && SHIPPED.test(module.source) && !TEST.test(module.source);
  const declared = new Set([
    manifest.name,
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...(shipped ? [] : Object.keys(manifest.devDependencies ?? {})),
    ...(TEST.test(module.source) ? Object.keys(rootManifest.devDependencies ?? {}) : []),
  ]);
  return module.dependencies
    .filter(({ dependencyTypes }) => !dependencyTypes.includes("core"))
    .filter(({ module: specifier, dependencyTypes }) => {
      const name = packageNameOf(specifier);
      const typed = dependencyTypes.includes("type-only") && declared.has(`@types/${name}`);
      return name !== undefined && !declared.has(name) && !typed;
    })
    .map(({ module: specifier }) => {
      const name = packageNameOf(specifier) ?? specifier;
      const where = shipped ? "dependencies or peerDependencies" : "dependencies";
      return `${module.source} → ${name}: not in the ${where} of ${manifest.name}`;
    });
}

/** `@scope/name/entry` → `@scope/name`; `undefined` for a path. */
function packageNameOf(specifier: string): string | undefined {
  if (/^[./#]/u.test(specifier) || specifier.startsWith("node:")) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
