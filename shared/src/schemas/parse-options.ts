/**
 * Options that a program passes to a factory. One strict schema per option object says everything:
 * names, types and ranges. An unknown name is an error, since it is a misspelling or belongs to
 * another version, and would otherwise be ignored in silence.
 */
import * as z from "zod/mini";
import { BridgeError } from "../errors/bridge-error.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { quoted } from "../errors/quoted.ts";
import { isOrigin } from "../origin.ts";
import { isRecord } from "../protocol/guards.ts";
import { describeIssue, listed, toFindings, toText, type Finding } from "./findings.ts";

/** A schema for each option. The compiler finds an option that has none. */
export type OptionShape<T> = { readonly [Name in keyof T]-?: z.core.$ZodType<T[Name]> };

/**
 * The strict schema of an option object. Nest it for groups of options, which are strict too. An option that
 * is `undefined` was not given and is absent from the result, so `{ ...defaults, ...options }` keeps the
 * default.
 *
 * @example
 * const schema = optionObject<ServeOptions>({
 *   port: z.optional(wholeNumberOption(0, 65_535)),
 *   fetch: z.optional(functionOption<Fetch>()),
 * });
 */
export function optionObject<T extends object>(shape: OptionShape<T>): z.ZodMiniType<T> {
  return z.strictObject(shape).check(z.overwrite(givenOptions)) as unknown as z.ZodMiniType<T>;
}

function givenOptions<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}

/** A function. The same function comes out. */
export function functionOption<T extends (...args: never[]) => unknown>(): z.ZodMiniType<T> {
  return z.custom<T>((value) => typeof value === "function", expected("must be a function"));
}

/**
 * An object that is used and not read, such as a store or a registry: the same object comes out. It
 * must have all of `methods`.
 *
 * @param text What was expected, such as `must be a store: sqliteStore(…) or postgresStore(…)`.
 */
export function instanceOption<T extends object>(
  methods: readonly (keyof T & string)[],
  text: string,
): z.ZodMiniType<T> {
  const hasMethods = (value: unknown): boolean =>
    isRecord(value) && methods.every((name) => typeof value[name] === "function");
  return z.custom<T>(hasMethods, expected(text));
}

/** A whole number of `min` to `max`, both included. */
export function wholeNumberOption(min: number, max: number): z.ZodMiniType<number> {
  const isWithin = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  return z.custom<number>(isWithin, expected(`must be a whole number from ${min} to ${max}`));
}

/** A number of `min` to `max`, both included. */
export function numberOption(min: number, max: number): z.ZodMiniType<number> {
  // NaN fails both comparisons.
  const isWithin = (value: unknown): boolean =>
    typeof value === "number" && value >= min && value <= max;
  return z.custom<number>(isWithin, expected(`must be a number from ${min} to ${max}`));
}

/** A list of at least one exact origin. */
export function originsOption(): z.ZodMiniType<readonly string[]> {
  const origin = z.custom<string>(
    (value) => typeof value === "string" && isOrigin(value),
    expected(
      "must be an exact origin such as https://shell.example, without path, trailing slash or *",
    ),
  );
  return z.array(origin).check(z.minLength(1, "must have at least one origin"));
}

function expected(text: string): { readonly error: (issue: z.core.$ZodRawIssue) => string } {
  return { error: (issue) => (issue.input === undefined ? "is required" : text) };
}

/**
 * Checks options and returns them typed. Plain option objects are copied; functions and objects that
 * the schema takes by reference are the caller's own. The message names each option and says what
 * was expected; it never quotes a value.
 *
 * @param source The factory, or the file, that the options belong to: `createIssuer`.
 * @throws {BridgeError} CONFIG_INVALID, when a value does not fit or a name is unknown
 *
 * @example
 * const { tokenTtlSeconds = 60 } = parseOptions(issuerOptions, options, "createIssuer");
 */
export function parseOptions<S extends z.core.$ZodType>(
  schema: S,
  value: unknown,
  source: string,
): z.core.output<S> {
  if (!isRecord(value)) throw invalid(source, ["options: must be an object"]);
  const optionsOf = new Map<readonly string[], readonly string[]>();
  const result = z.safeParse(schema, value, {
    error(issue) {
      // The finished issue no longer has the schema, which knows the names that were possible.
      if (issue.code === "unrecognized_keys") optionsOf.set(issue.keys, knownNames(issue.inst));
      return describeIssue(issue);
    },
  });
  if (result.success) return result.data;
  const split = (issue: z.core.$ZodIssue): readonly Finding[] | undefined =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((name) => unknownOption(name, optionsOf.get(issue.keys) ?? []))
      : undefined;
  const findings = result.error.issues.flatMap((issue) => toFindings(issue, split));
  throw invalid(source, listed(findings.map(toText)));
}

// By its definition and not by `instanceof`, which would put all of zod into the bundle.
function knownNames(schema: z.core.$ZodRawIssue["inst"]): readonly string[] {
  const def = (schema as z.core.$ZodType | undefined)?._zod.def;
  return def?.type === "object" ? Object.keys((def as z.core.$ZodObjectDef).shape) : [];
}

function unknownOption(name: string, known: readonly string[]): Finding {
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? "" : `. Did you mean ${quoted(nearest)}?`;
  return { path: [name], message: `unknown option${hint}` };
}

function invalid(source: string, issues: readonly string[]): BridgeError {
  const sentences = issues.map((issue) => (issue.endsWith("?") ? issue : `${issue}.`));
  return new BridgeError("CONFIG_INVALID", `${source}: ${sentences.join(" ")}`, {
    details: { source, issues },
  });
}
