/**
 * Which builds of an app have the words of errors, as the page "Bundlers, TypeScript, Jest, CommonJS"
 * states it: development builds have them, and production builds do not.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { excerpt } from "../setup/dependencies.mjs";
import { run } from "../setup/process.mjs";

/** A sentence of the guest's main entry. */
const SENTENCE = "This page is not embedded.";

interface Build {
  readonly name: string;
  readonly script: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Relative to the project. */
  readonly output: string;
  readonly hasWords: boolean;
}

const esbuild = (name: string, output: string, hasWords: boolean, flags: string[]): Build => ({
  name,
  script: [
    "node_modules/esbuild/bin/esbuild",
    ...["guest.js", "--bundle", "--minify", "--format=esm", "--log-level=warning"],
    ...[`--outfile=${output}`, ...flags],
  ],
  output,
  hasWords,
});

// Each build names its file after the mode.
const inMode = (name: string, script: readonly [string, ...string[]], mode: string): Build => ({
  name: `${name} in mode ${mode}`,
  script,
  env: { NODE_ENV: mode },
  output: `words/${name}-${mode}.js`,
  hasWords: mode === "development",
});

const MODES = ["development", "production"];
const BUILDS: readonly Build[] = [
  esbuild("esbuild", "words/esbuild.js", true, []),
  esbuild("esbuild --conditions=production", "words/esbuild-production.js", false, [
    "--conditions=production",
  ]),
  ...MODES.map((mode) =>
    inMode(
      "vite",
      ["node_modules/vite/bin/vite.js", "build", "-c", "words.vite.js", "-m", mode],
      mode,
    ),
  ),
  ...MODES.map((mode) => inMode("webpack", ["words.webpack.js"], mode)),
];

/** @param installed A folder with the packages, the tools, and the fixtures of the combinations. */
export async function bundledWordsProblems(installed: string): Promise<string[]> {
  const cwd = join(installed, "bundlers");
  const problems: string[] = [];
  for (const { name, script, env, output, hasWords } of BUILDS) {
    const [file, ...args] = script;
    const path = join(file.startsWith("node_modules/") ? installed : cwd, file);
    const result = await run(process.execPath, [path, ...args], {
      cwd,
      env: { ...process.env, ...env },
    });
    if (result.code !== 0) problems.push(`${name} fails:\n${excerpt(result.output)}`);
    else if ((await readFile(join(cwd, output), "utf8")).includes(SENTENCE) !== hasWords)
      problems.push(`${name}: the build must ${hasWords ? "have" : "not have"} words of errors`);
  }
  return problems;
}
