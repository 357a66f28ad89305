import { BridgeError } from "@breezeway/shared";
import { visit } from "jsonc-parser";

/** A configuration nests about ten levels. The parser recurses, so the stack bounds what it can read. */
const MAX_DEPTH = 1_000;

interface Fault {
  readonly problem: string;
  readonly offset: number;
}

function faultAt(text: string, file: string, { problem, offset }: Fault): BridgeError {
  const lines = text.slice(0, offset).split("\n");
  const place = `line ${lines.length} column ${(lines.at(-1) ?? "").length + 1}`;
  return new BridgeError("CONFIG_INVALID", `${file}: ${problem} (${place}).`);
}

function throwFault(text: string, file: string): never {
  const fault = (problem: string, offset: number): BridgeError =>
    faultAt(text, file, { problem, offset });
  let depth = 0;
  let literal = { start: 0, end: 0 };
  const open = (offset: number): void => {
    depth += 1;
    if (depth > MAX_DEPTH) throw fault(`nests more than ${MAX_DEPTH} levels deep`, offset);
  };
  const close = (): void => {
    depth -= 1;
  };
  visit(
    text,
    {
      onObjectBegin: open,
      onArrayBegin: open,
      onObjectEnd: close,
      onArrayEnd: close,
      onLiteralValue: (_value, offset, length) => {
        literal = { start: offset, end: offset + length };
      },
      // Leaves at the first fault: those after it are often its consequences.
      onError: (_code, offset) => {
        // The parser reads `01` as two numbers; the fault is in the first.
        const isSplit = offset === literal.end && /\w/.test(text.charAt(offset));
        throw fault("this is not valid JSON", isSplit ? literal.start : offset);
      },
    },
    { disallowComments: true },
  );
  throw fault("this is not valid JSON", text.length);
}

/**
 * Refuses names that a parser would drop without a word: of two equal names the first, and `__proto__`.
 *
 * @throws {BridgeError} CONFIG_INVALID
 */
function assertNames(text: string, file: string): void {
  const objects: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty: (name, offset) => {
      const names = objects.at(-1);
      if (name === "__proto__")
        throw faultAt(text, file, { problem: "the name __proto__ is reserved", offset });
      if (names?.has(name))
        throw faultAt(text, file, { problem: "a name appears twice in one object", offset });
      names?.add(name);
    },
  });
}

/**
 * Checks that a file is JSON (RFC 8259) and says where it is not. V8's own message names the place of
 * some faults only, and quotes the text around the fault, which may hold a secret.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming file, line and column
 */
export function assertJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch {
    throwFault(text, file);
  }
  assertNames(text, file);
}
