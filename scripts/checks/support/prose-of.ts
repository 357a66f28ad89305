/** Finds the prose of a file: comments and texts of a program, paragraphs of a Markdown page. */

export interface Passage {
  readonly text: string;
  /** The number of the line on which the passage starts, from 1. */
  readonly line: number;
  /** A heading or a title, which may be a question or a fragment. */
  readonly isHeading: boolean;
}

/** Code spans, URLs and links are replaced, so that only prose is left. */
export function proseOf(path: string, source: string): Passage[] {
  const passages = path.endsWith(".md") ? markdownPassages(source) : programPassages(source);
  return passages
    .map((passage) => ({ ...passage, text: withoutCode(passage.text) }))
    .filter(({ text }) => text.includes(" "));
}

function withoutCode(text: string): string {
  return text
    .replace(/``.*?``|`[^`]*`/gsu, "`x`")
    .replace(/\]\([^)]*\)/gu, "]")
    .replace(/https?:\/\/\S+/gu, "URL")
    .replace(/\s+/gu, " ")
    .trim();
}

function markdownPassages(source: string): Passage[] {
  const passages: Passage[] = [];
  let fence: string | undefined;
  let paragraph: string[] = [];
  const end = (line: number): void => {
    const text = paragraph.join("\n");
    if (text !== "") {
      passages.push({ text, line: line - paragraph.length, isHeading: text.startsWith("#") });
    }
    paragraph = [];
  };
  const lines = source.split("\n");
  for (const [index, line] of lines.entries()) {
    const mark = /^\s*(```|~~~)/u.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || fence === mark)) {
      end(index + 1);
      fence = fence === undefined ? mark : undefined;
    } else if (fence === undefined) {
      // List items, table rows and headings are passages of their own.
      if (line.trim() === "" || /^\s*([-*|#>]|\d+\.)/u.test(line)) end(index + 1);
      if (line.trim() !== "") paragraph.push(line.replace(/^\s*([-*|>]|\d+\.) */u, ""));
      if (/^\s*[|#]/u.test(line)) end(index + 2);
    }
  }
  end(lines.length + 1);
  return passages.flatMap((passage) =>
    passage.text.split(/ \| /u).map((text) => ({ ...passage, text })),
  );
}

const TOKEN =
  /\/\*(?<block>.*?)\*\/|(?<lines>(?:[ \t]*\/\/[^\n]*\n?)+)|(?<quote>["'])(?<text>(?:\\.|(?!\k<quote>)[^\\\n])*)\k<quote>|`(?<template>(?:\\.|[^\\`])*)`|(?<=(?:[(,=:[!&|?{};>\n]|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/gsu;

/** Regular expressions are matched as well, so that a quote in one starts no text. */
function programPassages(source: string): Passage[] {
  return [...source.matchAll(TOKEN)].flatMap(({ groups = {}, 0: whole, index }) => {
    const comment = groups["block"] ?? groups["lines"];
    const written = groups["text"] ?? groups["template"];
    if (comment === undefined && written === undefined) return [];
    const line = lineAt(source, index + (whole.length - whole.trimStart().length));
    if (comment === undefined) {
      const text = (written ?? "").replace(/\$\{[^}]*\}/gu, "x").replace(/\\n/gu, "\n");
      return [{ text, line, isHeading: false }];
    }
    return [{ text: withoutExamples(comment), line, isHeading: false }];
  });
}

/** A comment without its marks, its `@example` and its tags. */
function withoutExamples(comment: string): string {
  return comment
    .replace(/^[ \t]*(?:\*|\/\/+)[ \t]?/gmu, "")
    .replace(/@example[^@]*/gu, "")
    .replace(/^@(?:param|returns|throws)[ \t]*(?:\{[^}]*\})?[ \t]*(?:\S+ - )?/gmu, ". ")
    .replace(/\n[ \t]*\n/gu, ". ")
    .trim();
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}
