/**
 * Reads the tables of docs/coming-from.md: each row has a name of another system, its counterpart, an
 * example, and links to pages.
 */
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Document } from "./documents.ts";
import type { Example } from "./examples.ts";
import { links } from "./markdown.ts";

export const COMING_FROM = "docs/coming-from.md";

export interface Counterpart {
  /** The section's heading. */
  readonly section: string;
  readonly line: number;
  /** What the other system calls it. */
  readonly there: string;
  readonly here: string;
  readonly example: string;
  /** Paths of the linked pages, relative to the root. */
  readonly pages: readonly string[];
  /** Declarations that the examples of the table need. */
  readonly given: string;
}

const HEADER = /^\|\s*you have\s*\|\s*here\s*\|\s*example\s*\|\s*read\s*\|$/u;
const ROW = /^\|(?<there>[^|]*)\|(?<here>[^|]*)\|(?<example>[^|]*)\|(?<read>[^|]*)\|$/u;
const GIVEN = /^<!-- given: (?<code>.*) -->$/u;

export function counterpartsOf(markdown: string): Counterpart[] {
  const rows: Counterpart[] = [];
  let section = "";
  let given = "";
  let isInTable = false;
  for (const [index, text] of markdown.split("\n").entries()) {
    if (text.startsWith("## ")) section = text.slice(3);
    given = GIVEN.exec(text)?.groups?.["code"] ?? given;
    isInTable = text.startsWith("|") && (isInTable || HEADER.test(text));
    const { there = "", here = "", example = "", read = "" } = ROW.exec(text)?.groups ?? {};
    if (!isInTable || HEADER.test(text) || /^[|\s:-]+$/u.test(text)) continue;
    rows.push({
      section,
      line: index + 1,
      there: there.trim(),
      here: here.trim(),
      example: codeSpans(example)[0] ?? "",
      pages: links(read).map(({ target }) =>
        posix.join(posix.dirname(COMING_FROM), target.split("#")[0] ?? ""),
      ),
      given,
    });
  }
  return rows;
}

export function codeSpans(markdown: string): string[] {
  return Array.from(markdown.matchAll(/`([^`]+)`/gu), (match) => match[1] ?? "");
}

/** The last part of the name with which a piece of code begins: `get` for `issuer.sessions.get(id)`. */
export function nameIn(code: string): string {
  const path = /^@?[\w./-]+/u.exec(code)?.[0] ?? code;
  return path.startsWith("@") ? path : (path.split(/[./]/u).at(-1) ?? path);
}

/** Whether a linked page shows the example. Other examples must compile. */
export function isShown({ example, pages }: Counterpart, documents: readonly Document[]): boolean {
  return documents.some(({ path, text }) => pages.includes(path) && text.includes(example));
}

/** The examples that no linked page shows, a module for each table. */
export async function readRowExamples(
  root: string,
  documents: readonly Document[],
): Promise<Example[]> {
  const rows = counterpartsOf(await readFile(join(root, COMING_FROM), "utf8"));
  const bySection = Map.groupBy(
    rows.filter((row) => !isShown(row, documents)),
    ({ section }) => section,
  );
  return Array.from(bySection.values(), (table) => {
    const [{ line, given }] = table as [Counterpart];
    // Each example stands on the line of its row, so that the compiler reports that line.
    const lines = Array.from({ length: line - 2 }, () => "");
    lines.push(`export {}; ${given}`);
    for (const row of table) {
      while (lines.length < row.line - 1) lines.push("");
      lines.push(`{ ${row.example}; }`);
    }
    return {
      name: `${COMING_FROM}:${line}`,
      file: `${COMING_FROM.replaceAll("/", "__")}.${line}.ts`,
      source: lines.join("\n"),
      runs: false,
    };
  });
}
