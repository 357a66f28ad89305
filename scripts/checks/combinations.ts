/**
 * The bundlers, compilers, test runners and versions of Node that the page "Bundlers, TypeScript, Jest,
 * CommonJS" names, each with a small project that uses the packed packages.
 */
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { excerpt } from "../setup/dependencies.mjs";
import { run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";

const FIXTURES = "scripts/checks/fixtures/combinations";

/** The oldest Node that `engines` of the packages for browsers and backends names. */
export const OLDEST_NODE = "22.12.0";
const OLDEST_NODE_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** What the projects use, beside the packages themselves and their peers. */
export const COMBINATION_TOOLS: readonly (readonly [name: string, version: string])[] = [
  ["@types/react", "19.3.3"],
  ["esbuild", "0.28.2"],
  ["jest", "30.5.2"],
  [OLDEST_NODE_PACKAGE, OLDEST_NODE],
  ["svelte-check", "4.7.8"],
  ["typescript", "6.0.3"],
  ["vite", "8.3.8"],
  ["vue-tsc", "3.3.14"],
  ["webpack", "5.113.0"],
];

export interface Combination {
  /** As the page names it. */
  readonly name: string;
  /** The folder of its project, among the fixtures. */
  readonly project: string;
  /** A script in `node_modules`, a file of the project, or an absolute path; and its arguments. */
  readonly script: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

// Its projects, Vue's and Svelte's skip the declarations of TypeScript itself, which take it 3 s of processor time. The
// projects of TypeScript 7 check them together with ours.
const TYPESCRIPT_6 = "node_modules/typescript/bin/tsc";
/** Ours, which takes a tenth of the time. It has no `node10`. */
const TYPESCRIPT_7 = join(ROOT, "node_modules/typescript/bin/tsc");
const typescript = (name: string, project: string, compiler = TYPESCRIPT_7): Combination => ({
  name,
  project,
  script: [compiler, "-p", "."],
});

export const COMBINATIONS: readonly Combination[] = [
  typescript('TypeScript, `"moduleResolution": "bundler"`', "typescript-bundler"),
  typescript('TypeScript, `"module": "node20"`, CommonJS', "typescript-node20"),
  typescript('TypeScript, `"module": "node16"`, CommonJS', "typescript-node16"),
  typescript('TypeScript, `"moduleResolution": "node10"`', "typescript-node10", TYPESCRIPT_6),
  {
    name: "Jest 30",
    project: "jest",
    script: ["node_modules/jest/bin/jest.js"],
    env: { NODE_OPTIONS: "--experimental-vm-modules" },
  },
  {
    name: "esbuild",
    project: "bundlers",
    script: [
      "node_modules/esbuild/bin/esbuild",
      ...[
        "page.js",
        "--bundle",
        "--format=esm",
        "--outfile=esbuild/page.js",
        "--log-level=warning",
      ],
    ],
  },
  { name: "Vite 8", project: "bundlers", script: ["node_modules/vite/bin/vite.js", "build"] },
  { name: "webpack 5", project: "bundlers", script: ["webpack.js"] },
  typescript("React 19", "react"),
  { name: "Vue 3", project: "vue", script: ["node_modules/vue-tsc/bin/vue-tsc.js", "-p", "."] },
  {
    name: "Svelte 5",
    project: "svelte",
    script: [
      "node_modules/svelte-check/bin/svelte-check",
      ...["--tsconfig", "tsconfig.json", "--fail-on-warnings"],
    ],
  },
];

/** @param installed A folder in which the packages and {@link COMBINATION_TOOLS} are installed. */
export async function combinationProblems(root: string, installed: string): Promise<string[]> {
  await cp(join(root, FIXTURES), installed, { recursive: true });
  const problems: string[] = [];
  for (const { name, project, script, env } of COMBINATIONS) {
    const [file, ...args] = script;
    const path = file.startsWith("node_modules/")
      ? join(installed, file)
      : resolve(installed, project, file);
    const { code, output } = await run(process.execPath, [path, ...args], {
      cwd: join(installed, project),
      env: { ...process.env, ...env },
    });
    if (code !== 0) problems.push(`${name} fails:\n${excerpt(output)}`);
  }
  return problems;
}

/** Loads the entries by `import` and by `require` in the oldest Node that the packages name. */
export async function oldestNodeProblems(
  installed: string,
  entries: readonly string[],
): Promise<string[]> {
  const node = join(installed, "node_modules", OLDEST_NODE_PACKAGE, "bin/node");
  const script = `(async () => {
      for (const name of ${JSON.stringify(entries)}) {
        try {
          const [imported, required] = [await import(name), require(name)];
          if (Object.keys(imported).length === 0 || Object.keys(required).length === 0)
            throw new Error("exports nothing");
        } catch (error) {
          process.exitCode = 1;
          console.error(name + " fails in Node " + process.version + ":", error);
        }
      }
    })();`;
  const env = { ...process.env };
  delete env["NODE_OPTIONS"];
  const { code, output } = await run(node, ["--no-warnings", "--eval", script], {
    cwd: installed,
    env,
  });
  return code === 0 ? [] : [excerpt(output)];
}
