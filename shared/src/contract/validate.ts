import type { StandardSchemaV1 } from "@standard-schema/spec";
import { BridgeError } from "../errors/bridge-error.ts";
import type { ErrorCode } from "../errors/codes.ts";

/**
 * The value after the schema's checks and transforms. Asynchronous, because a Standard Schema may
 * be; the error names the first difference by its path, never the value that was found there.
 *
 * @throws {BridgeError} with the given code
 */
export async function validate<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
  failure: { readonly code: ErrorCode; readonly subject: string },
): Promise<StandardSchemaV1.InferOutput<S>> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  const [first] = result.issues;
  const path = pathOf(first?.path);
  throw new BridgeError(
    failure.code,
    `${failure.subject} do not match the contract${path && ` at ${path}`}: ${first?.message ?? "invalid"}.`,
    { details: { path } },
  );
}

function pathOf(path: StandardSchemaV1.Issue["path"]): string {
  return (path ?? [])
    .map((segment) => (typeof segment === "object" ? segment.key : segment))
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}
