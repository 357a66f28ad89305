/** Options of {@link serveGatewayCluster}, and their schema. */
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { parseRateLimitStore } from "../limits/parse-store.ts";
import type { RateLimitStore } from "../limits/rate-limit-store.ts";
import { host, port } from "./serve-options.ts";
import type { OperationsAddress } from "../observe/serve-operations.ts";

/** A cluster serves the metrics of all workers together, at the `operationsPort` only. */
export interface ClusterOptions extends OperationsAddress {
  /** Path of the configuration file, which each worker reads. */
  readonly config: string;
  /** Port, 0 to 65 535; 0 for a free one. Default 4001. */
  readonly port?: number | undefined;
  /** Host name or address. Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Number of workers, 1 to 1 024. Default: one per core. */
  readonly workers?: number | undefined;
  /**
   * The store of rate limits and used proofs that several clusters share. It overrides the one in the
   * configuration file. Only a URL works, since a client cannot be passed to another process. Default:
   * the primary process.
   */
  readonly rateLimitStore?: Extract<RateLimitStore, { readonly url: string }> | undefined;
  /**
   * Called when a changed configuration cannot be applied, or a worker fails or does not restart. Default:
   * a line on standard error.
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
