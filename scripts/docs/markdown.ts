/** Reads the parts of Markdown that the checks of the docs need: code blocks, links and anchors. */

export interface CodeBlock {
  /** All words after the fence: `["ts", "run"]`. */
  readonly info: readonly string[];
  readonly code: string;
  /** Line of the first line of code, counted from 1. */
  readonly line: number;
  /** Declarations from a `<!-- given: … -->` line just above the fence. */
  readonly given: string;
}

interface Line {
  readonly text: string;
  readonly number: number;
}

const FENCE = /^\s*(`{3,}|~{3,})\s*(.*)$/u;
const GIVEN = /^<!-- given: (.*) -->$/u;

export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; info: string; given: string; lines: Line[] } | undefined;
  let given = "";
  for (const line of linesOf(markdown)) {
    const [, fence = "", rest = ""] = FENCE.exec(line.text) ?? [];
    if (!open) {
      if (fence !== "") open = { fence, info: rest, given, lines: [] };
      if (line.text.trim() !== "") given = GIVEN.exec(line.text.trim())?.[1] ?? "";
    } else if (fence.startsWith(open.fence) && rest === "") {
      blocks.push({
        info: open.info.split(/\s+/u),
        code: open.lines.map(({ text }) => text).join("\n"),
        line: open.lines[0]?.number ?? line.number,
        given: open.given,
      });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return blocks;
}

/**
 * The blocks that a page puts into files: `<!-- file: server.ts -->` stands above the block. Blocks in
 * lists lose their indentation.
 */
export function namedFiles(markdown: string): Map<string, string> {
  const lines = markdown.split(/\r?\n/u);
  const files = new Map<string, string>();
  for (const { code, line } of codeBlocks(markdown)) {
    const before = lines.slice(Math.max(0, line - 7), line - 2).join("\n");
    const path = /<!-- file: (?<path>\S+) -->\s*(?:<!-- given: .* -->\s*)?$/u.exec(before)
      ?.groups?.["path"];
    const indent = /^\s*/u.exec(lines[line - 2] ?? "")?.[0] ?? "";
    if (path !== undefined) files.set(path, `${withoutIndent(code, indent)}\n`);
  }
  return files;
}

function withoutIndent(code: string, indent: string): string {
  const dedent = (text: string): string =>
    text.startsWith(indent) ? text.slice(indent.length) : text;
  return code.split("\n").map(dedent).join("\n");
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** Targets of links and images that stand outside code. */
export function links(markdown: string): Link[] {
  return proseLines(markdown).flatMap(({ text, number }) =>
    Array.from(text.matchAll(/\]\(\s*<?([^\s)>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gu), (match) => ({
      target: match[1] ?? match[2] ?? "",
      line: number,
    })),
  );
}

/** The fragments that a link can name: headings as GitHub forms them, and explicit anchors. */
export function anchors(markdown: string): Set<string> {
  const found = new Set<string>();
  for (const { text } of proseLines(markdown, { keepInlineCode: true })) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/u.exec(text)?.[1];
    if (heading !== undefined) found.add(unused(slug(heading), found));
    for (const match of text.matchAll(/<a (?:id|name)="([^"]+)"/gu)) found.add(match[1] ?? "");
  }
  return found;
}

/**
 * Lines that look like rows and are outside a table, for example after an empty line. A page shows
 * them as text.
 */
export function looseRows(markdown: string): number[] {
  const lines = proseLines(markdown);
  return lines.flatMap(({ text, number }, index) => {
    const isFirst = text.startsWith("|") && !lines[index - 1]?.text.startsWith("|");
    const isTable = /^\|[\s:|-]+\|$/u.test(lines[index + 1]?.text ?? "");
    return isFirst && !isTable ? [number] : [];
  });
}

function slug(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/gu, "-");
}

function unused(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 1;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

function linesOf(markdown: string): Line[] {
  return markdown.split(/\r?\n/u).map((text, index) => ({ text, number: index + 1 }));
}

function proseLines(markdown: string, options: { keepInlineCode?: boolean } = {}): Line[] {
  const inCode = new Set(
    codeBlocks(markdown).flatMap(({ code, line }) =>
      code.split("\n").map((_, index) => line + index),
    ),
  );
  return linesOf(markdown)
    .filter(({ number }) => !inCode.has(number))
    .map(({ text, number }) => ({
      text: options.keepInlineCode ? text : text.replaceAll(/`[^`]*`/gu, ""),
      number,
    }));
}
