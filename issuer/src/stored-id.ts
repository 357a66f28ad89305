/** Ids from hosts. Only ids that every store keeps unchanged are accepted. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";

/** 1 to 256 characters. PostgreSQL cannot store NUL in a text, and no store keeps half of a surrogate pair. */
export const storedId: z.ZodMiniType<string> = z.string().check(
  z.minLength(1),
  z.maxLength(256),
  z.refine(
    (id) => !id.includes("\0") && id.isWellFormed(),
    "must not contain NUL or half of a surrogate pair",
  ),
  // Ids are also names of members of objects, where this one means something else.
  z.refine((id) => id !== "__proto__", "must not be __proto__"),
);

/** @throws {BridgeError} REQUEST_MALFORMED, naming the field */
export function checkId(field: string, value: string): string {
  return parseWith(storedId, value, { code: "REQUEST_MALFORMED", source: field });
}
