/** Ids that a host hands in: only what every store keeps as it was given, and finds again. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";

/** 1 to 256 characters. PostgreSQL keeps no NUL in a text, and no store half of a surrogate pair. */
export const storedId: z.ZodMiniType<string> = z.string().check(
  z.minLength(1),
  z.maxLength(256),
  z.refine(
    (id) => !id.includes("\0") && id.isWellFormed(),
    "must have no NUL and no half of a surrogate pair",
  ),
);

/** @throws {BridgeError} REQUEST_MALFORMED, naming the field */
export function checkId(field: string, value: string): string {
  return parseWith(storedId, value, { code: "REQUEST_MALFORMED", source: field });
}
