/** Where several gateways count together, and what they do when they cannot. */
import { BridgeError } from "@breezeway/shared";
import {
  RateLimiterCluster,
  RateLimiterPostgres,
  RateLimiterRedis,
  type RateLimiterAbstract,
} from "rate-limiter-flexible";

export type RateLimitStore = StoreFailure &
  (
    | /** A client of `redis` (node-redis) or `ioredis`, connected. It stays the caller's. */
      { readonly kind: "redis"; readonly client: object }
      /** `redis://` or `rediss://`. Needs the package `redis`; the gateway closes what it opens. */
    | { readonly kind: "redis"; readonly url: string }
    /** In the primary process of `serveGatewayCluster`, which uses it of its own accord. */
    | { readonly kind: "cluster" }
    /** A `Pool` of `pg`. The table is made when it is not there. It stays the caller's. */
    | {
        readonly kind: "postgres";
        readonly client: object;
        readonly tableName?: string | undefined;
      }
    /** `postgres://`. Needs the package `pg`: at most 4 connections, which the gateway closes. */
    | { readonly kind: "postgres"; readonly url: string; readonly tableName?: string | undefined }
  );

export interface StoreFailure {
  /** For one answer, 10 to 10 000 milliseconds. Default 500. */
  readonly timeoutMs?: number | undefined;
  /**
   * While the store does not answer: `count-alone` lets each gateway count on its own, so that a
   * caller may get as many times the limit as there are gateways; `refuse` answers requests to routes
   * that have a limit with 503 `store-unavailable`. Default `count-alone`.
   */
  readonly whenDown?: "count-alone" | "refuse" | undefined;
}

export interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

export const STORE_TIMEOUT_MS = 500;

/** @throws whatever the store says while it is being prepared */
export async function createStoreLimiter(
  options: LimiterOptions,
  store: RateLimitStore,
  client: object | undefined,
): Promise<RateLimiterAbstract> {
  if (store.kind === "cluster") {
    return new RateLimiterCluster({ ...options, timeoutMs: store.timeoutMs ?? STORE_TIMEOUT_MS });
  }
  if (client === undefined) throw new BridgeError("STORE_UNAVAILABLE", "The store has no client.");
  if (store.kind === "redis") {
    return new RateLimiterRedis({
      ...options,
      storeClient: client,
      useRedisPackage: "isOpen" in client,
      // A client that is not connected would keep the request waiting instead of failing.
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
  // Postgres refuses the second of two that make the table in the same moment; then it is there.
  return prepare().catch(prepare);
}
