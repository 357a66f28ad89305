/** Options of the listener of {@link serveGateway}, and their schema. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { OperationsAddress } from "../observe/serve-operations.ts";

export interface ServeOptions extends OperationsAddress {
  /** Port, 0 to 65 535; 0 for a free one. Default 4001. */
  readonly port?: number | undefined;
  /** Host name or address. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /**
   * Allows several processes to listen on the port; the system distributes connections over them (Linux,
   * FreeBSD). Default false.
   */
  readonly reusePort?: boolean | undefined;
  /** Time for the head of a request, 1 to 3 600 000 milliseconds. Default 15 000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Wait for the next request on a connection, 1 to 3 600 000 milliseconds. Default 65 000. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** All header fields of a request together, 1 to 1 048 576 bytes. Default 16 384. */
  readonly maxHeaderBytes?: number | undefined;
}

export const port: z.ZodMiniType<number> = z.int().check(z.gte(0), z.lte(65_535));
// Node takes an empty host for every address of the machine.
export const host: z.ZodMiniType<string> = z
  .string()
  .check(z.minLength(1, "must be a name or an address"));
// Node takes 0 for no limit.
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
