/** Options of {@link serveGateway}'s listener, and the check of them. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { OperationsAddress } from "../observe/serve-operations.ts";

export interface ServeOptions extends OperationsAddress {
  /** Default 4001; 0 for a free one. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /**
   * Lets several processes listen on the port, and the system spread connections over them (Linux,
   * FreeBSD). Default false.
   */
  readonly reusePort?: boolean | undefined;
  /** For the head of a request, 1 to 3 600 000 milliseconds. Default 15 000. */
  readonly headersTimeoutMs?: number | undefined;
  /** For the next request on an open connection, 1 to 3 600 000 milliseconds. Default 65 000. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** All header fields of a request together, 1 to 1 048 576. Default 16 384. */
  readonly maxHeaderBytes?: number | undefined;
}

export const port: z.ZodMiniType<number> = z.int().check(z.gte(0), z.lte(65_535));
// Node takes an empty one for every address of the machine.
export const host: z.ZodMiniType<string> = z
  .string()
  .check(z.minLength(1, "must be a name or an address"));
// Of 0 Node makes no limit at all.
const milliseconds = z.int().check(z.gte(1), z.lte(3_600_000));

const serveSchema: z.ZodMiniType<ServeOptions> = z.strictObject({
  port: z.optional(port),
  host: z.optional(host),
  reusePort: z.optional(z.boolean()),
  headersTimeoutMs: z.optional(milliseconds),
  keepAliveTimeoutMs: z.optional(milliseconds),
  maxHeaderBytes: z.optional(z.int().check(z.gte(1), z.lte(1_048_576))),
  operationsPort: z.optional(port),
  operationsHost: z.optional(host),
});

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseServeOptions(options: unknown): ServeOptions {
  return parseWith(serveSchema, options, { code: "CONFIG_INVALID", source: "serveGateway" });
}
