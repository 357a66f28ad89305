import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../suite/root.ts";
import { writeTree } from "../test-support/tree.ts";
import { compileExamples, examplesOf, writeExamples } from "./examples.ts";
import { brokenLinks } from "./links.ts";
import { anchors, codeBlocks, links } from "./markdown.ts";

const FENCE = "```";

test("reads the blocks that are TypeScript, at their lines", () => {
  const text = [`# Page`, `${FENCE}ts run`, `const a = 1;`, FENCE, `${FENCE}sh`, `ls`, FENCE];
  expect(examplesOf({ path: "docs/guides/a.md", text: text.join("\n") })).toEqual([
    {
      name: "docs/guides/a.md:3",
      file: "docs__guides__a.md.3.ts",
      source: "\n\nconst a = 1;",
      runs: true,
    },
  ]);
});

test("joins a block that continues to the one before it, each at its lines", () => {
  const text = [
    `${FENCE}ts`,
    `const a = 1;`,
    FENCE,
    `Then:`,
    `${FENCE}ts continues`,
    `f(a);`,
    FENCE,
  ];
  expect(examplesOf({ path: "a.md", text: text.join("\n") })).toMatchObject([
    { name: "a.md:2", source: "\nconst a = 1;\n\n\n\nf(a);" },
  ]);
});

test("declares on the line above the code what the reader already has", () => {
  const text = [`<!-- given: declare const a: number; -->`, ``, `${FENCE}ts`, `f(a);`, FENCE];
  expect(examplesOf({ path: "a.md", text: text.join("\n") })).toMatchObject([
    { source: "\n\ndeclare const a: number;\nf(a);" },
  ]);
});

test("reports an example that does not compile by page and line", async () => {
  const text = [`${FENCE}ts`, `const ok = 1;`, `const wrong: string = ok;`, FENCE];
  const examples = examplesOf({ path: "docs/guides/a.md", text: text.join("\n") });
  const folder = join(ROOT, ".cache/docs-examples-that-fail");
  await writeExamples(folder, examples);
  const problems = await compileExamples(folder);
  expect(problems.some((line) => line.startsWith("docs/guides/a.md:3: error TS2322"))).toBe(true);
});

test("a fence within a longer fence is code", () => {
  const [block] = codeBlocks(["````md", `${FENCE}ts`, "a", FENCE, "````"].join("\n"));
  expect(block).toMatchObject({ info: ["md"], code: `${FENCE}ts\na\n${FENCE}` });
});

test("finds links outside code only", () => {
  const text = "[a](b.md#c) `[no](x)` ![d](<e.png>) [f](g 'title')\n```\n[no](y)\n```\n[h]: i.md";
  expect(links(text).map(({ target }) => target)).toEqual(["b.md#c", "e.png", "g", "i.md"]);
});

test("forms anchors as GitHub does", () => {
  const text = "# The `run.mjs` file: A & B\n## Twice\n## Twice\n<a id='no'></a><a id=\"yes\"></a>";
  expect([...anchors(text)]).toEqual(["the-runmjs-file-a--b", "twice", "twice-1", "yes"]);
});

test("names links without a target", async () => {
  const root = await writeTree({
    "README.md": "[ok](docs/a.md#one) [web](https://example.org/x) [gone](docs/b.md)\n[out](../x)",
    "docs/a.md": "# One\n[up](../README.md) [not](#two) [self](#one)",
  });
  expect(await brokenLinks(root)).toEqual([
    "README.md:1: docs/b.md does not exist",
    "README.md:2: ../x leads out of the repository",
    "docs/a.md:2: #two names no heading",
  ]);
});
