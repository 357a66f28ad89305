import * as z from "zod/mini";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { hasEqualNames } from "./equal-names.ts";
import { describeIssue, listed, toFindings, toText } from "./findings.ts";

export interface ParseContext {
  /** The code of the error when the value does not fit. */
  readonly code: ErrorCode;
  /** Where the value came from, as the reader knows it: a file name, an option, `request body`. */
  readonly source: string;
}

/**
 * Turns a value from outside into a typed one. The message has the first 20 faults, each with the
 * path of its field. Values are never quoted, since they may be secrets.
 *
 * @throws {BridgeError} with the given code
 */
export function parseWith<S extends z.core.$ZodType>(
  schema: S,
  value: unknown,
  context: ParseContext,
): z.core.output<S> {
  const result = z.safeParse(schema, value, { error: describeIssue });
  if (result.success) return result.data;
  const findings = result.error.issues.flatMap((issue) => toFindings(issue));
  const issues = listed(findings.map(toText));
  throw new BridgeError(context.code, `${context.source}: ${issues.join("; ")}.`, {
    details: { source: context.source, issues },
  });
}

function parseAny(text: string, context: ParseContext): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, which may hold a secret. Only line and column are kept.
    const place = / \(line \d+ column \d+\)$/u.exec(String(error))?.[0] ?? "";
    throw new BridgeError(context.code, `${context.source}: this is not valid JSON${place}.`, {
      details: { source: context.source },
    });
  }
}

function parseJson(text: string, context: ParseContext): unknown {
  const value = parseAny(text, context);
  if (!hasEqualNames(text, value)) return value;
  throw new BridgeError(context.code, `${context.source}: an object has two members of one name.`, {
    details: { source: context.source },
  });
}

/**
 * Turns JSON text into a typed value.
 *
 * @throws {BridgeError} with the given code, also for text that is not JSON, and for equal names in one
 *   object, of which another parser could read the other one
 */
export function parseJsonWith<S extends z.core.$ZodType>(
  schema: S,
  text: string,
  context: ParseContext,
): z.core.output<S> {
  return parseWith(schema, parseJson(text, context), context);
}
