import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { shortened } from "../errors/quoted.ts";

export interface ValidationFailure {
  readonly code: ErrorCode;
  /** What is checked, for the message: `The arguments of "openCustomer"`. */
  readonly subject: string;
}

/**
 * The value after the schema's checks and transforms; a promise only when the schema gives one, so
 * that a call with a synchronous schema leaves in the same task. The error names the first
 * difference by its path, never the value that was found there.
 *
 * @throws {BridgeError} with the given code; a promise rejects with it
 */
export function check<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  failure: ValidationFailure,
): MaybePromise<StandardSchemaV1.InferOutput<S>> {
  return chain(schema["~standard"].validate(value), (result) => {
    if (result.issues === undefined) return result.value;
    const [first] = result.issues;
    const path = pathOf(first?.path);
    throw new BridgeError(
      failure.code,
      // Without the library's words: some quote what they found, and this may cross the bridge.
      `${failure.subject} did not match the contract${path && ` at ${path}`}.`,
      { details: { path }, cause: first },
    );
  });
}

/** {@link check} as a promise always. */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  failure: ValidationFailure,
): Promise<StandardSchemaV1.InferOutput<S>> {
  return check(schema, value, failure);
}

export type MaybePromise<T> = T | PromiseLike<T>;

/** `next` of a value, at once when the value is there. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  // oxlint-disable-next-line promise/no-callback-in-promise -- not a Node-style callback
  return isPromiseLike(value) ? value.then(next) : next(value);
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === "function"
  );
}

function pathOf(path: StandardSchemaV1.Issue["path"]): string {
  return (path ?? [])
    .map((segment) => (typeof segment === "object" ? segment.key : segment))
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${shortened(String(key))}`))
    .join("")
    .replace(/^\./, "");
}
