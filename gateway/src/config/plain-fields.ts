/** Options that need no more than a look, from a program and from a configuration file alike. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { GatewayOptions } from "./options.ts";

type PlainOptions = Pick<GatewayOptions, "revocations" | "metrics" | "tracing">;

export const PLAIN_FIELDS: {
  readonly [Name in keyof PlainOptions]-?: z.ZodMiniType<PlainOptions[Name]>;
} = {
  revocations: z.optional(
    z.union([
      z.literal(false),
      z.strictObject({
        url: z.optional(z.url()),
        headers: z.optional(z.record(z.string(), z.string())),
        // As of the feed of `@breezeway/verify`, which is opened too late to name a file.
        maxSilenceMs: z.optional(z.number().check(z.gte(100), z.lte(300_000))),
        maxRetryMs: z.optional(z.number().check(z.gte(10), z.lte(60_000))),
      }),
    ]),
  ),
  metrics: z.optional(
    z.strictObject({
      process: z.optional(z.boolean()),
      access: z.optional(z.enum(["local", "public", "none"])),
    }),
  ),
  tracing: z.optional(z.boolean()),
};

const plainSchema = z.object(PLAIN_FIELDS);

/** @throws {BridgeError} CONFIG_INVALID, naming source and field */
export function checkPlainFields(options: PlainOptions, source: string): void {
  parseWith(plainSchema, options, { code: "CONFIG_INVALID", source });
}
