/** The store in which several gateways count together. */
import { BridgeError } from "@breezeway/shared";
import {
  RateLimiterCluster,
  RateLimiterPostgres,
  RateLimiterRedis,
  type RateLimiterAbstract,
} from "rate-limiter-flexible";

export type RateLimitStore = StoreFailure &
  (
    | /** A connected client of `redis` (node-redis) or `ioredis`. The caller closes it. */
      { readonly kind: "redis"; readonly client: object }
    /** `redis://` or `rediss://`. Requires the package `redis`. The gateway closes its connection. */
    | { readonly kind: "redis"; readonly url: string }
    /** The primary process of `serveGatewayCluster`, which sets this itself. */
    | { readonly kind: "cluster" }
    /** A `Pool` of `pg`. The gateway creates the table when it is missing. The caller closes the pool. */
    | {
        readonly kind: "postgres";
        readonly client: object;
        readonly tableName?: string | undefined;
      }
    /** `postgres://`. Requires the package `pg`. The gateway opens and closes at most 4 connections. */
    | { readonly kind: "postgres"; readonly url: string; readonly tableName?: string | undefined }
  );

export interface StoreFailure {
  /** Longest wait for one answer, 10 to 10 000 milliseconds. Default 500; for the primary process of a cluster 5 000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Behaviour while the store does not answer. `count-alone`: each gateway counts alone, so a caller may
   * reach the limit once per gateway. `refuse`: routes with a limit answer 503 `store-unavailable`.
   * Default `count-alone`.
   */
  readonly whenDown?: "count-alone" | "refuse" | undefined;
}

export interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

const STORE_TIMEOUT_MS = 500;

/**
 * A cluster's workers exit with their primary process, so one that answers late is only busy. Workers that
 * counted alone then would each accept the same proof once.
 */
const PRIMARY_TIMEOUT_MS = 5_000;

/** @returns the longest wait for one answer, in milliseconds */
export function storeTimeoutMs({ kind, timeoutMs }: RateLimitStore): number {
  return timeoutMs ?? (kind === "cluster" ? PRIMARY_TIMEOUT_MS : STORE_TIMEOUT_MS);
}

/** @throws any error of the store while it prepares its table or connection */
export async function createStoreLimiter(
  options: LimiterOptions,
  store: RateLimitStore,
  client: object | undefined,
): Promise<RateLimiterAbstract> {
  if (store.kind === "cluster") {
    return new RateLimiterCluster({ ...options, timeoutMs: storeTimeoutMs(store) });
  }
  if (client === undefined)
    throw new BridgeError("STORE_UNAVAILABLE", "The rate-limit store has no client.");
  if (store.kind === "redis") {
    return new RateLimiterRedis({
      ...options,
      storeClient: client,
      useRedisPackage: "isOpen" in client,
      // Without this a disconnected client would keep the request waiting instead of failing.
      rejectIfRedisNotReady: true,
    });
  }
  const { tableName = "breezeway_rate_limits" } = store;
  const prepare = (): Promise<RateLimiterAbstract> => {
    const { promise, resolve, reject } = Promise.withResolvers<RateLimiterAbstract>();
    const limiter = new RateLimiterPostgres(
      { ...options, storeClient: client, tableName },
      (error?: Error) => (error === undefined ? resolve(limiter) : reject(error)),
    );
    return promise;
  };
  // When two processes create the table at the same moment, Postgres refuses one. A retry finds the table.
  return prepare().catch(prepare);
}
