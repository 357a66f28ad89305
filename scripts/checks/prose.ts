/**
 * The words and forms that the prose of this repository avoids, in comments, messages and pages. A
 * reader whose first language is not English must understand each sentence at first sight.
 */
import { glob, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { proseOf, type Passage } from "./support/prose-of.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Forms at the start of a sentence that is not a heading. */
const STARTS: readonly Rule[] = [
  { pattern: /^Of (?!course\b)[a-z`]/u, instead: "start with the subject" },
  { pattern: /^Whoever\b/u, instead: "name the person or the program" },
  { pattern: /^Those (?:that|who|which)\b/u, instead: "name the things" },
  { pattern: /^What\b[^?]*\b(?:is|are|was|were)\b[^?]*$/u, instead: "start with the subject" },
];

const ANYWHERE: readonly Rule[] = [
  {
    pattern: /(?<!\bthere )\b(?:is|are) no (?!longer|more|less|other|such|one\b)[a-z]+/iu,
    instead: "negate the verb",
  },
  { pattern: /(?<!\bthere )\b(?:is|are) none\b/iu, instead: "negate the verb" },
  { pattern: /\b(?:is|are|was) not one\b(?! of)/iu, instead: "say what was expected" },
  { pattern: /\bthere twice\b/iu, instead: "appears twice" },
  { pattern: /\bsigns? of life\b/iu, instead: "heartbeat" },
  { pattern: /\bfor ever\b/iu, instead: "forever, without end" },
  { pattern: /\banew\b/iu, instead: "again" },
  { pattern: /\bdear (?:to|when)\b/iu, instead: "expensive" },
  { pattern: /\bspelt\b/iu, instead: "written" },
  { pattern: /(?<!JavaScript |browser |rendering )\bengines?\b/iu, instead: "reverse proxy" },
  { pattern: /\b(?:is|are|was|were|be|been) told\b/iu, instead: "receives, learns" },
  { pattern: /\b(?:hears?|heard) of\b/iu, instead: "receives, learns" },
  { pattern: /\b(?:to be had|comes? of it|has it that)\b/iu, instead: "say it in plain words" },
  { pattern: /\b(?:keep|keeps|kept) back\b/iu, instead: "remove, withhold" },
  { pattern: /\ba hair\b/iu, instead: "rounding error" },
  { pattern: /\b(?:falls?|fell|fallen) silent\b/iu, instead: "stops sending" },
  { pattern: /\b(?:thereof|whereof|thereby|henceforth|in vain)\b/iu, instead: "plain words" },
];

const FILES = "*.{ts,tsx,mts,mjs,md}";
const LEFT_OUT =
  /(?:^|\/)(?:node_modules|dist|\.cache|fixtures)\/|^scripts\/checks\/prose(?:\.test)?\.ts$/u;

/** One line per finding, with file, line, what was found and what to write instead. */
export async function checkProse(root: string): Promise<string[]> {
  const problems: string[] = [];
  for (const file of await filesOf(root)) {
    const source = await readFile(join(root, file), "utf8");
    for (const passage of proseOf(file, source)) {
      for (const { found, instead } of findings(passage)) {
        problems.push(`${file}:${passage.line}: “${found}”: ${instead}.`);
      }
    }
  }
  return problems;
}

function findings(passage: Passage): { readonly found: string; readonly instead: string }[] {
  const sentences = passage.isHeading ? [] : passage.text.split(/(?<=[.!?:;])\s+/u);
  return [
    ...STARTS.flatMap(({ pattern, instead }) =>
      sentences
        .filter((sentence) => pattern.test(sentence))
        .map((sentence) => ({ found: sentence.slice(0, 50), instead })),
    ),
    ...ANYWHERE.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(passage.text)?.[0];
      return found === undefined ? [] : [{ found, instead }];
    }),
  ];
}

/** The files of the root folder and of each folder in it, except hidden ones. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/u.test(entry.name))
    .map((entry) => entry.name);
  const files: string[] = [];
  for (const pattern of [FILES, ...folders.map((folder) => `${folder}/**/${FILES}`)]) {
    for await (const file of glob(pattern, { cwd: root })) {
      const path = file.replaceAll("\\", "/");
      if (!LEFT_OUT.test(path)) files.push(path);
    }
  }
  return files.toSorted();
}
