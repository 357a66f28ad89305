/** JSON objects of tokens and key sets: strict UTF-8, and no name twice. */
import { isUtf8 } from "node:buffer";
import { hasEqualNames } from "@breezeway/shared/schemas";

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `undefined` when the bytes are not UTF-8, not JSON, not an object, or have a duplicate name. */
export function parseStrictObject(bytes: Buffer): Record<string, unknown> | undefined {
  // Buffer's decoder would replace malformed UTF-8 instead of failing.
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString("utf8");
  const value = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return hasEqualNames(text, value) ? undefined : (value as Record<string, unknown>);
}
