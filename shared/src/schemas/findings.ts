/**
 * What a schema found wrong with a value, as text that a reader can act on. It says where and what
 * was expected, and never what was found, since that may be a secret.
 */
import type * as z from "zod/mini";
import { quoted, shortened } from "../errors/quoted.ts";

const NO_FORM = "has none of the allowed forms";
/** Issues in one message, and names in one issue. A hostile value may have thousands. */
const MAX_LISTED = 20;

/** One fault: the path of its field, and a message without a period. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `routes[0].scopes: must be of type array` */
export function toText({ path, message }: Finding): string {
  const place = path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${shortened(String(key))}`))
    .join("")
    .replace(/^\./, "");
  return place === "" ? message : `${place}: ${message}`;
}

/** The first 20 entries, and the number of the others. */
export function listed(all: readonly string[]): readonly string[] {
  if (all.length <= MAX_LISTED) return all;
  return [...all.slice(0, MAX_LISTED), `and ${all.length - MAX_LISTED} more`];
}

/**
 * A value that fits no form of a union is described by the one form that was meant, if that is
 * clear, and by all forms otherwise.
 *
 * @param split Takes an issue apart that stands for several faults; `undefined` for any other.
 */
export function toFindings(
  issue: z.core.$ZodIssue,
  split: (issue: z.core.$ZodIssue) => readonly Finding[] | undefined = () => undefined,
  parent: readonly PropertyKey[] = [],
): readonly Finding[] {
  const path = [...parent, ...issue.path];
  if (issue.code !== "invalid_union" || issue.message !== NO_FORM || issue.errors.length === 0) {
    const found = split(issue) ?? [{ path: [], message: issue.message }];
    return found.map((part) => ({ path: [...path, ...part.path], message: part.message }));
  }
  const [meant, ...others] = issue.errors.filter((found) => !found.some(isOfAnotherForm));
  if (meant && others.length === 0) return meant.flatMap((found) => toFindings(found, split, path));
  const forms = new Set(issue.errors.map((found) => found[0]?.message ?? NO_FORM));
  return [{ path, message: [...forms].join(" or ").replaceAll(" or must be ", " or ") }];
}

function isOfAnotherForm({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

/** The error map of all schemas: `zod/mini` ships without messages. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
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
