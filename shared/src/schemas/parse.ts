import * as z from "zod/mini";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { quoted, shortened } from "../errors/quoted.ts";

const NO_FORM = "has none of the allowed forms";
/** Of issues in one message, and of names in one issue: whoever made them may have made thousands. */
const MAX_LISTED = 20;

export interface ParseContext {
  /** The code of the error when the value does not fit. */
  readonly code: ErrorCode;
  /** Where the value came from, as the reader knows it: a file name, an option, `request body`. */
  readonly source: string;
}

/**
 * The one way a value from outside becomes a typed one. The issues are in the message, the first 20
 * of them, each with the path of its field; values are never quoted, since they may be secrets.
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
  const issues = listed(result.error.issues.flatMap(describe));
  throw new BridgeError(context.code, `${context.source}: ${issues.join("; ")}.`, {
    details: { source: context.source, issues },
  });
}

/**
 * JSON text to a typed value.
 *
 * @throws {BridgeError} with the given code, also for text that is not JSON
 */
export function parseJsonWith<S extends z.core.$ZodType>(
  schema: S,
  text: string,
  context: ParseContext,
): z.core.output<S> {
  return parseWith(schema, parseJson(text, context), context);
}

function parseJson(text: string, context: ParseContext): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes the text around the fault, which may hold a secret: the place alone is taken over.
    const place = / \(line \d+ column \d+\)$/u.exec(String(error))?.[0] ?? "";
    throw new BridgeError(context.code, `${context.source}: this is not valid JSON${place}.`, {
      details: { source: context.source },
    });
  }
}

function listed(all: readonly string[]): readonly string[] {
  if (all.length <= MAX_LISTED) return all;
  return [...all.slice(0, MAX_LISTED), `and ${all.length - MAX_LISTED} more`];
}

function describe(issue: z.core.$ZodIssue): string[] {
  return flatten(issue, []).map(({ path, message }) => {
    const place = path
      .map((key) => (typeof key === "number" ? `[${key}]` : `.${shortened(String(key))}`))
      .join("")
      .replace(/^\./, "");
    return place === "" ? message : `${place}: ${message}`;
  });
}

interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a union only what is wrong with the form that was meant; when none fits, all of its forms. */
function flatten(issue: z.core.$ZodIssue, parent: readonly PropertyKey[]): Finding[] {
  const path = [...parent, ...issue.path];
  if (issue.code !== "invalid_union" || issue.message !== NO_FORM || issue.errors.length === 0) {
    return [{ path, message: issue.message }];
  }
  const [meant, ...others] = issue.errors.filter((found) => !found.some(isOfAnotherForm));
  if (meant && others.length === 0) return meant.flatMap((found) => flatten(found, path));
  const forms = new Set(issue.errors.map((found) => found[0]?.message ?? NO_FORM));
  return [{ path, message: [...forms].join(" or ").replaceAll(" or must be ", " or ") }];
}

function isOfAnotherForm({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

// zod/mini ships without messages. These say what is expected, never what was found.
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.message !== undefined) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is required";
      return `must be of type ${issue.expected === "record" ? "object" : issue.expected}`;
    case "unrecognized_keys":
      return `unknown field ${listed(issue.keys.map(quoted)).join(", ")}`;
    case "invalid_value":
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "invalid_union":
      return issue.input === undefined ? "is required" : NO_FORM;
    case "too_small":
      return `must be at least ${issue.minimum}${issue.origin === "number" ? "" : " long"}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.origin === "number" ? "" : " long"}`;
    case "invalid_key":
      return issue.issues[0]?.message ?? "has a key that is not allowed";
    default:
      return "is not valid";
  }
}
