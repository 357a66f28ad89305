/**
 * Compiles and runs the examples of the docs. Every fenced block marked `ts` or `tsx` in the README
 * files and the
 * guides is a module that must compile against the sources; one marked `ts run` must also run.
 *
 * - `ts continues` belongs to the block before it and sees its variables.
 * - `<!-- given: declare const token: string; -->` above a block declares what the reader has.
 * - Blocks in other languages, and `ts ignore`, are left alone.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../setup/process.mjs";
import { ROOT } from "../suite/root.ts";
import { readDocuments, type Document } from "./documents.ts";
import { codeBlocks } from "./markdown.ts";

const PAGES = ["README.md", "*/README.md", "docs/guides/*.md", "docs/coming-from.md"];

export interface Example {
  /** The page and its first line of code: `README.md:12`. */
  readonly name: string;
  /** File name under the folder of examples. */
  readonly file: string;
  /** The code, moved down to its line on the page, so that the compiler reports the page's line. */
  readonly source: string;
  readonly runs: boolean;
}

export async function readExamples(root: string): Promise<Example[]> {
  return (await readDocuments(root, PAGES)).flatMap(examplesOf);
}

export function examplesOf({ path, text }: Document): Example[] {
  const examples: Example[] = [];
  for (const { info, code, line, given } of codeBlocks(text)) {
    const [language = "", ...words] = info;
    if (!/^tsx?$/u.test(language) || words.includes("ignore")) continue;
    const previous = words.includes("continues") ? examples.pop() : undefined;
    const before = previous?.source ?? "";
    const start = before === "" ? "" : `${before}\n`;
    const gap = "\n".repeat(Math.max(0, line - 1 - start.split("\n").length + 1));
    examples.push({
      name: previous?.name ?? `${path}:${line}`,
      file: previous?.file ?? `${path.replaceAll("/", "__")}.${line}.${language}`,
      source: withGiven(`${start}${gap}${code}`, given, line),
      runs: words.includes("run") || previous?.runs === true,
    });
  }
  return examples;
}

/** Puts the declarations on the empty line above the code. */
function withGiven(source: string, given: string, line: number): string {
  if (given === "") return source;
  const lines = source.split("\n");
  lines[line - 2] = given;
  return lines.join("\n");
}

/** The settings with which all examples compile. */
const STRICT = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noEmit: true,
    noUnusedLocals: false,
    jsx: "react-jsx",
    lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"],
    types: ["node"],
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  },
};

/**
 * `tsconfig.app.json` of the template `react-ts` of Vite 8, which reports unused variables, and the
 * condition by which packages resolve to their sources.
 */
export const VITE_TEMPLATE = {
  compilerOptions: {
    target: "es2023",
    useDefineForClassFields: true,
    lib: ["es2023", "dom", "dom.iterable"],
    module: "esnext",
    types: ["vite/client"],
    skipLibCheck: true,
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: "force",
    noEmit: true,
    jsx: "react-jsx",
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
    noUncheckedSideEffectImports: true,
    customConditions: ["@breezeway/source"],
  },
};

/** `tsconfig.json` as `create-next-app` 16 writes it, and the condition of the sources. */
export const NEXT_TEMPLATE = {
  compilerOptions: {
    target: "es2017",
    lib: ["dom", "dom.iterable", "esnext"],
    allowJs: true,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    module: "esnext",
    moduleResolution: "bundler",
    resolveJsonModule: true,
    isolatedModules: true,
    jsx: "react-jsx",
    types: ["node"],
    allowImportingTsExtensions: true,
    customConditions: ["@breezeway/source"],
  },
};

/**
 * Writes all examples into one project, in a folder inside the repository: the packages that they
 * import are resolved from there.
 */
export async function writeExamples(
  folder: string,
  examples: readonly Example[],
  settings: object = STRICT,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const tsconfig = { ...settings, include: ["**/*"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  for (const { file, source } of examples) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${source}\n`);
  }
}

/** Resolves to the compiler's errors, by page and line. */
export async function compileExamples(folder: string): Promise<string[]> {
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { output } = await run(tsc, ["-p", ".", "--pretty", "false"], { cwd: folder });
  return (
    output
      .trim()
      .split("\n")
      // The sources are compiled with their own settings elsewhere; indented lines go into detail.
      .filter((line) => line !== "" && !/^(\.\.\/|\s)/u.test(line))
      .map((line) =>
        line.replace(/^(\S+?)\.\d+\.tsx?\((\d+),\d+\)/u, "$1:$2").replaceAll("__", "/"),
      )
  );
}
