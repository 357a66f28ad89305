import { expect, test } from "vitest";
import { writeTree } from "../test-support/tree.ts";
import { checkProse } from "./prose.ts";

const problemsOf = async (path: string, text: string): Promise<string[]> =>
  checkProse(await writeTree({ [path]: text }));

test("names file, line, the words found and the words to write instead", async () => {
  const source = 'const a = "one";\n\n/** Closed, and opened\n * anew. */\nexport const b = a;\n';
  expect(await problemsOf("shared/src/a.ts", source)).toEqual([
    "shared/src/a.ts:3: “anew”: again.",
  ]);
});

test.for([
  ["a sentence that starts with Of", "Of a client: its name.", "start with the subject"],
  ["a sentence that starts with Whoever", "Done. Whoever asks waits.", "name the person"],
  ["a sentence that starts with Those that", "Those that wait are sent.", "name the things"],
  ["a sentence that starts with What … is", "What is left is sent.", "start with the subject"],
  ["a negated noun", "The header is no number.", "negate the verb"],
  ["a missing noun", "The URL is not one.", "say what was expected"],
  ["a house word for heartbeat", "A sign of life arrives.", "heartbeat"],
  ["a house word for reverse proxy", "The engine asks first.", "reverse proxy"],
  ["a house word for receiving", "The page is told later.", "receives"],
] as const)("refuses %s", async ([, sentence, instead]) => {
  const places = [
    ["shared/src/a.ts", `// ${sentence}\n`],
    ["shared/src/b.ts", `/**\n * ${sentence}\n */\n`],
    ["shared/src/c.ts", `throw new Error("${sentence}");\n`],
    ["shared/README.md", `# Title\n\n${sentence}\n`],
  ] as const;
  for (const [path, text] of places) {
    const problems = await problemsOf(path, text);
    expect(problems, path).toHaveLength(1);
    expect(problems[0]).toContain(instead);
  }
});

test.for([
  ["a question", "What is a guest?"],
  ["there is no such thing", "There is no such file. There are no others."],
  ["of course", "Of course the order is kept."],
  ["a JavaScript engine", "The JavaScript engine optimises this."],
  ["a code span", "The member `is no engine` is kept."],
  ["a usual sentence", "The host sends a heartbeat each second, which is no longer than needed."],
] as const)("accepts %s", async ([, sentence]) => {
  expect(await problemsOf("shared/src/a.ts", `// ${sentence}\n`)).toEqual([]);
  expect(await problemsOf("shared/README.md", `${sentence}\n`)).toEqual([]);
});

test("reads no code, no regular expression and no example", async () => {
  expect(await problemsOf("shared/README.md", "```ts\n// The engine is told.\n```\n")).toEqual([]);
  const source = [
    'export const pattern = /is "told/u;',
    'export const anew = "anew";',
    '/**\n * Opens it.\n *\n * @example\n * open("the engine is told");\n */',
    "",
  ].join("\n");
  expect(await problemsOf("shared/src/a.ts", source)).toEqual([]);
});

test("reads the files of the root folder, and no installed packages", async () => {
  const text = "The engine asks first.\n";
  expect(await problemsOf("README.md", text)).toHaveLength(1);
  expect(await problemsOf("shared/node_modules/a/README.md", text)).toEqual([]);
});
