import { BridgeError } from "@breezeway/shared";

/**
 * Whether a file is JSON (RFC 8259), and if not, where: engines name the place of some faults only, and
 * quote what stands around it, which may be a secret.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming file, line and column
 */
export function assertJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch {
    const lines = text.slice(0, faultIn(text)).split("\n");
    const place = `line ${lines.length} column ${(lines.at(-1) ?? "").length + 1}`;
    throw new BridgeError("CONFIG_INVALID", `${file}: this is not valid JSON (${place}).`);
  }
}

const SPACE = /[ \t\r\n]*/y;
const PLAIN =
  /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)|[[\]{},:]/y;
// A piece at a time: one pattern for a whole text would try each way to take it apart.
// oxlint-disable-next-line no-control-regex -- those must be escaped
const OF_TEXT = /[^"\\\0-\u001f]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** What may stand next. */
type Expected = "value" | "item-or-end" | "name" | "name-or-end" | "colon" | "comma-or-end";

/** Where the first thing stands that cannot be there, or the end of what is not finished. */
function faultIn(text: string): number {
  /** The ends that are owed. */
  const open: string[] = [];
  let expected: Expected | undefined = "value";
  for (let start = endOf(SPACE, text, 0); ; start = endOf(SPACE, text, start)) {
    const end = text[start] === '"' ? textEnd(text, start) : endOf(PLAIN, text, start);
    if (end === start) return start;
    expected = after(text.slice(start, end), expected, open);
    if (expected === undefined) return start;
    start = end;
  }
}

/** @returns `start` when there is none */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}

function textEnd(text: string, start: number): number {
  let at = start + 1;
  for (let end = endOf(OF_TEXT, text, at); end !== at; end = endOf(OF_TEXT, text, at)) at = end;
  return text[at] === '"' ? at + 1 : start;
}

/** @returns `undefined` when the token cannot stand there */
function after(token: string, expected: Expected, open: string[]): Expected | undefined {
  const isEnd = token === open.at(-1);
  if (isEnd && expected.endsWith("-or-end")) {
    open.pop();
    return "comma-or-end";
  }
  switch (expected) {
    case "name":
    case "name-or-end":
      return token.startsWith('"') ? "colon" : undefined;
    case "colon":
      return token === ":" ? "value" : undefined;
    case "comma-or-end":
      if (token !== "," || open.length === 0) return undefined;
      return open.at(-1) === "}" ? "name" : "value";
    default:
      return afterValue(token, open);
  }
}

function afterValue(token: string, open: string[]): Expected | undefined {
  switch (token) {
    case "[":
      open.push("]");
      return "item-or-end";
    case "{":
      open.push("}");
      return "name-or-end";
    case "]":
    case "}":
    case ",":
    case ":":
      return undefined;
    default:
      return "comma-or-end";
  }
}
