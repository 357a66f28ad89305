/** Strict JSON of tokens and key sets, judged by jsonc-parser. */
import { isUtf8 } from "node:buffer";
import { visit } from "jsonc-parser";
import { parseStrictObject } from "../../../verify/src/token/strict-json.ts";
import { acceptedBy, invariant } from "../target.ts";

export function fuzz(data: Buffer): void {
  const value = acceptedBy(() => parseStrictObject(data));
  const text = data.toString("utf8");
  if (value === undefined) {
    const isObject = isUtf8(data) && parses(text) && text.trim().startsWith("{");
    invariant(!isObject || namesTwice(text), "an object with unique names is accepted");
    return;
  }
  invariant(isUtf8(data), "accepted bytes are UTF-8");
  invariant(
    JSON.stringify(JSON.parse(text)) === JSON.stringify(value),
    "it is what JSON.parse reads",
  );
  invariant(!namesTwice(text), "an accepted object has no name twice");
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function namesTwice(text: string): boolean {
  const objects: Set<string>[] = [];
  let isTwice = false;
  visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty: (name) => {
      const names = objects.at(-1);
      isTwice ||= names?.has(name) === true;
      names?.add(name);
    },
  });
  return isTwice;
}
