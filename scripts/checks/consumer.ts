/**
 * Installs the packages as a user does: from their tarballs, into a project without our export
 * condition. Every public entry loads in Node, a file that uses them compiles, an app builds with the
 * compiler settings of Vite's own template, the backends of the guide run, and so does each tool that the
 * docs name.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { publicPackages, readPackageJson, type Workspace } from "../packages/public-packages.ts";
import { tarballPath } from "../packages/pack.ts";
import { bunProgram } from "@breezeway/test-support/bun";
import { bundledWordsProblems } from "./bundled-words.ts";
import {
  COMBINATION_TOOLS,
  OLDEST_NODE,
  combinationProblems,
  oldestNodeProblems,
} from "./combinations.ts";
import { excerpt, npm } from "../setup/dependencies.mjs";
import { run } from "../setup/process.mjs";
import { GUIDE, guideAppProblems, guidePackages } from "./guide-apps.ts";

const FIXTURE = "scripts/checks/fixtures/consumer";
const APP = "examples/bonus-points/app";

export async function checkConsumer(root: string): Promise<string[]> {
  const packages = await publicPackages(root);
  const project = await mkdtemp(join(tmpdir(), "breezeway-consumer-"));
  try {
    await cp(join(root, FIXTURE), project, { recursive: true });
    const guide = await readFile(join(root, GUIDE), "utf8");
    const installed = await install(root, project, packages, guidePackages(guide));
    if (installed !== undefined) return [installed];
    const entries = packages.flatMap(entriesOf);
    return [
      ...(await loadProblems(project, entries)),
      ...(await typeProblems(root, project, entries)),
      ...(await appProblems(root, project)),
      ...(await guideAppProblems(root, project, guide)),
      ...(await oldestNodeProblems(project, packages.filter(runsInOldestNode).flatMap(entriesOf))),
      ...(await combinationProblems(root, project)),
      ...(await bundledWordsProblems(project)),
    ];
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/** Bun lays packages out as npm does, in a seventh of its time. npm then judges the result. */
async function install(
  root: string,
  project: string,
  packages: readonly Workspace[],
  others: readonly string[],
): Promise<string | undefined> {
  const tarballs = Object.fromEntries(
    packages.map((entry) => [entry.name, `file:${tarballPath(root, entry)}`]),
  );
  const frameworks = await frameworksOf(root, packages, others);
  const tools = COMBINATION_TOOLS.filter(([name]) => !frameworks.has(name));
  const manifest = {
    ...(await readPackageJson(project)),
    dependencies: {
      "@types/node": "24",
      ...Object.fromEntries([...tools, ...frameworks]),
      ...tarballs,
    },
    // The packages name each other by version, and no registry has them.
    overrides: tarballs,
  };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  const { code, output } = await run(bunProgram(), ["install", "--ignore-scripts"], {
    cwd: project,
    // On the disk of the project, so that files are linked.
    env: { ...process.env, BUN_INSTALL_CACHE_DIR: join(project, ".bun") },
  });
  if (code !== 0) return `the tarballs cannot be installed:\n${excerpt(output)}`;
  return peerProblem(project, new Set(frameworks.keys()));
}

/**
 * The frameworks that some entries adapt to, with their types, and what the guide and the example app use.
 * Users of these entries have them installed.
 *
 * @returns name → range, as this repository tests with it, where it does
 */
async function frameworksOf(
  root: string,
  packages: readonly Workspace[],
  others: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { dependencies = {} } = await readPackageJson(join(root, APP));
  const peers = packages.flatMap(({ manifest }) => [
    ...Object.entries(manifest.peerDependencies ?? {}),
    ...Object.entries(manifest.devDependencies ?? {}).filter(([name]) =>
      name.startsWith("@types/"),
    ),
  ]);
  peers.push(...Object.entries(dependencies));
  const tested = packages.flatMap(({ manifest }) => Object.entries(manifest.devDependencies ?? {}));
  const ranges = new Map([...tested, ...peers]);
  const ours = new Set(packages.map(({ name }) => name));
  const wanted = new Set([...peers.map(([name]) => name), ...others]);
  return new Map(
    [...wanted].filter((name) => !ours.has(name)).map((name) => [name, ranges.get(name) ?? "*"]),
  );
}

/** Whether the packages ask for versions of a framework that exclude each other. */
async function peerProblem(
  project: string,
  frameworks: ReadonlySet<string>,
): Promise<string | undefined> {
  const { output } = await npm(["ls", "--all"], project);
  const wrong = [...output.matchAll(/(?:invalid|missing): (@?[^@\s]+)@\S+/gu)]
    .filter(([, name = ""]) => frameworks.has(name))
    .map(([text]) => text);
  return wrong.length === 0 ? undefined : `peer dependencies do not fit:\n${wrong.join("\n")}`;
}

/** `@breezeway/guest`, `@breezeway/guest/react`, … */
function entriesOf({ name, manifest }: Workspace): string[] {
  return (
    Object.entries(manifest.exports ?? {})
      // The script-tag builds set a global and export nothing.
      .filter(
        ([subpath, target]) => typeof target === "object" && !subpath.startsWith("./script-tag"),
      )
      .map(([subpath]) => subpath.replace(".", name))
  );
}

function runsInOldestNode({ manifest }: Workspace): boolean {
  return JSON.stringify(manifest["engines"]) === `{"node":">=${OLDEST_NODE.replace(/\.0$/u, "")}"}`;
}

async function loadProblems(project: string, entries: readonly string[]): Promise<string[]> {
  // One process loads all entries, since they share most modules.
  const script = `for (const name of ${JSON.stringify(entries)}) {
      try {
        const entry = await import(name);
        if (Object.keys(entry).length === 0) throw new Error("exports nothing");
      } catch (error) {
        process.exitCode = 1;
        console.error('import "' + name + '" fails in Node:', error);
      }
    }`;
  const args = ["--input-type=module", "--eval", script];
  const { code, output } = await run(process.execPath, args, {
    cwd: project,
    env: userEnvironment(),
  });
  return code === 0 ? [] : [excerpt(output)];
}

/** The environment without our export condition. */
function userEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  delete env["NODE_OPTIONS"];
  return env;
}

/** Runs the app's own build: `tsc -b && vite build`. */
async function appProblems(root: string, project: string): Promise<string[]> {
  const cwd = join(project, "app");
  await cp(join(root, APP), cwd, { recursive: true });
  const steps = [
    [join(root, "node_modules/.bin/tsc"), "-b"],
    [join(project, "node_modules/.bin/vite"), "build"],
  ] as const;
  for (const [tool, argument] of steps) {
    const { code, output } = await run(tool, [argument], { cwd, env: userEnvironment() });
    if (code !== 0) return [`${APP} does not build in a user's project:\n${excerpt(output)}`];
  }
  return [];
}

async function typeProblems(
  root: string,
  project: string,
  entries: readonly string[],
): Promise<string[]> {
  const lines = entries.map((entry, index) => `export * as e${index} from "${entry}";`);
  await writeFile(join(project, "entries.ts"), `${lines.join("\n")}\n`);
  const { code, output } = await run(join(root, "node_modules/.bin/tsc"), ["-p", "."], {
    cwd: project,
  });
  // Only the declarations of our packages are checked, like the user's own files.
  const ours = output
    .split("\n")
    .filter((line) => !/^(\s|node_modules\/(?!(@breezeway|breezeway)\/))/u.test(line));
  const problems = ours.join("\n").trim();
  return code === 0 || problems === "" ? [] : [`a user's project does not compile:\n${problems}`];
}
