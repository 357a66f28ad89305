import { WORDS } from "@breezeway/shared/words";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { shortened } from "../errors/quoted.ts";

export interface ValidationFailure {
  readonly code: ErrorCode;
  /** Subject of the message, such as `The arguments of "openCustomer"`. */
  readonly subject: string;
}

/**
 * Returns the value after the schema's checks and transforms. The result is a promise only when the
 * schema returns one, so a call with a synchronous schema leaves in the same task. The error names
 * the path of the first mismatch, and never its value.
 *
 * @throws {BridgeError} with the given code; a returned promise rejects with it
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
      // The library's own text is left out: it may quote the value, and this message may cross the bridge.
      WORDS
        ? `${failure.subject} did not match the contract${path && ` at ${path}`}.`
        : [path ? `${failure.subject}, ${path}` : failure.subject],
      { details: { path }, cause: first },
    );
  });
}

/** {@link check} that always returns a promise. */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  failure: ValidationFailure,
): Promise<StandardSchemaV1.InferOutput<S>> {
  return check(schema, value, failure);
}

export type MaybePromise<T> = T | PromiseLike<T>;

/** Applies `next` to a value: at once if it is available, else when its promise resolves. */
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
