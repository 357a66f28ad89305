/**
 * Whether an object in a JSON text has two members of one name. RFC 8259, section 4, leaves the meaning of
 * such an object open, so two parsers could see two different values.
 *
 * `JSON.parse` keeps the last of two equal names. This file therefore counts the names in the text and
 * compares the number with the names that were kept. Escapes, nesting and `__proto__` need no special
 * case.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** In valid JSON a string is a name exactly when a colon follows it. */
function countWrittenNames(text: string): number {
  let names = 0;
  for (let i = text.indexOf('"'); i !== -1; i = text.indexOf('"', i)) {
    i += 1;
    for (let code = text.charCodeAt(i); code !== QUOTE; code = text.charCodeAt(i)) {
      i += code === BACKSLASH ? 2 : 1;
    }
    i += 1;
    while (isWhitespace(text.charCodeAt(i))) i += 1;
    if (text.charCodeAt(i) === COLON) names += 1;
  }
  return names;
}

// Uses an explicit stack, because only the size of the text bounds its depth.
function countKeptNames(root: object): number {
  let names = 0;
  const pending: object[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const members: unknown[] = Object.values(node);
    if (!Array.isArray(node)) names += members.length;
    for (const member of members) {
      if (typeof member === "object" && member !== null) pending.push(member);
    }
  }
  return names;
}

/** @param value What `JSON.parse` made of the text. */
export function hasEqualNames(text: string, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return countWrittenNames(text) !== countKeptNames(value);
}
