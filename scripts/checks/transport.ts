/**
 * `postMessage` and `window.parent` appear in one file per side, and in one that both share. A
 * reviewer of what a page sends to another window, and to which origin, has one file per side to
 * read.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "@swc/core";
import { sourceFiles } from "./support/source-files.ts";
import { isNode, nameOf, visit, type SyntaxNode } from "./support/syntax.ts";

const SIDES = ["guest", "host", "shared"];
/**
 * Left out are the test kits, which send between their own ports; WebViews, whose host is a native
 * app; a host's tabs, whose BroadcastChannel stays within the origin; and the port that passes on
 * what the outbox sends.
 */
const NO_WINDOWS = /\/(testing|webview|tabs|sparing-port)[/.]/u;
const WINDOWS = new Set(["window", "globalThis", "self", "top", "parent"]);

/** Resolves to one line per side that has more than one such file, with the places. */
export async function checkTransport(root: string): Promise<string[]> {
  const problems: string[] = [];
  for (const side of SIDES) {
    const found: string[] = [];
    for (const file of await sourceFiles(root, side)) {
      if (NO_WINDOWS.test(file)) continue;
      const words = await windowAccess(
        await readFile(join(root, file), "utf8"),
        file.endsWith(".tsx"),
      );
      if (words.length > 0) found.push(`${file} (${words.join(", ")})`);
    }
    if (found.length > 1)
      problems.push(
        `${side} reaches other windows from ${found.length} files: ${found.join("; ")}`,
      );
  }
  return problems;
}

/** The names by which TypeScript source text reaches other windows; comments do not count. */
export async function windowAccess(source: string, tsx = false): Promise<string[]> {
  const found = new Set<string>();
  visit(await parse(source, { syntax: "typescript", tsx, target: "es2024" }), (node) => {
    const word = windowWord(node);
    if (word) found.add(word);
  });
  return [...found].toSorted();
}

function windowWord(node: SyntaxNode): string | undefined {
  if (isNode(node["property"]) && isNode(node["object"])) {
    const property = nameOf(node["property"]);
    const object = nameOf(node["object"]);
    if (property === "postMessage") return property;
    if (property === "parent" && object !== undefined && WINDOWS.has(object))
      return `${object}.parent`;
  }
  // const { parent } = window, const { postMessage } = port
  if (node["type"] === "VariableDeclarator" && isNode(node["id"]) && isNode(node["init"]))
    return destructured(node["id"], nameOf(node["init"]));
  return undefined;
}

function destructured(pattern: SyntaxNode, from: string | undefined): string | undefined {
  const properties = Array.isArray(pattern["properties"]) ? pattern["properties"] : [];
  for (const property of properties.filter(isNode)) {
    const key = isNode(property["key"]) ? nameOf(property["key"]) : undefined;
    if (key === "postMessage") return key;
    if (key === "parent" && from !== undefined && WINDOWS.has(from)) return `${from}.parent`;
  }
  return undefined;
}
