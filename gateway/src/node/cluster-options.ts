/** Options of {@link serveGatewayCluster}, and the check of them. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { parseRateLimitStore } from "../limits/parse-store.ts";
import type { RateLimitStore } from "../limits/rate-limit-store.ts";
import { host, port } from "./serve-options.ts";
import type { OperationsAddress } from "../observe/serve-operations.ts";

/** Metrics are those of all workers together, and at the `operationsPort` alone. */
export interface ClusterOptions extends OperationsAddress {
  /** Path of the configuration file; each worker reads it. */
  readonly config: string;
  /** Default 4001; 0 for a free one. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** 1 to 1 024. Default: one per core. */
  readonly workers?: number | undefined;
  /**
   * Where rate limits are counted, and uses of proofs remembered, when several clusters run; by its URL,
   * since no client reaches another process. In the place of the configuration's. Default: in the
   * primary process.
   */
  readonly rateLimitStore?: Extract<RateLimitStore, { readonly url: string }> | undefined;
  /**
   * Told why a changed configuration was not taken over, and why a worker did not start again.
   * Default: a line on standard error.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const SOURCE = "serveGatewayCluster";

const clusterSchema = z.strictObject({
  config: z.string().check(z.minLength(1, "must be the path of a file")),
  port: z.optional(port),
  host: z.optional(host),
  workers: z.optional(z.int().check(z.gte(1), z.lte(1_024))),
  operationsPort: z.optional(port),
  operationsHost: z.optional(host),
  rateLimitStore: z.optional(z.looseObject({ url: z.string() })),
  onError: z.optional(z.custom((value) => typeof value === "function", "must be a function")),
});

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseClusterOptions(options: ClusterOptions): ClusterOptions {
  parseWith(clusterSchema, options, { code: "CONFIG_INVALID", source: SOURCE });
  parseRateLimitStore(options.rateLimitStore, SOURCE);
  return options;
}
