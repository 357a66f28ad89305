/** Where several gateways count together, and what they do when they cannot. */
import { BridgeError } from "@breezeway/shared";
import {
  RateLimiterCluster,
  RateLimiterPostgres,
  RateLimiterRedis,
  type RateLimiterAbstract,
} from "rate-limiter-flexible";

/** The client stays the caller's: it is not closed here. */
export type RateLimitStore = StoreFailure &
  (
    | /** A client of `redis` (node-redis) or `ioredis`, connected. */
      { readonly kind: "redis"; readonly client: object }
      /** In the primary process of `serveGatewayCluster`, which uses it of its own accord. */
    | { readonly kind: "cluster" }
    /** A `Pool` of `pg`. The table is made when it is not there. */
    | { readonly kind: "postgres"; readonly client: object; readonly tableName?: string }
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

const TIMEOUT_MS = { min: 10, max: 10_000, default: 500 } as const;

/** @throws {BridgeError} CONFIG_INVALID */
export function storeTimeoutMs({ timeoutMs = TIMEOUT_MS.default }: StoreFailure): number {
  if (timeoutMs >= TIMEOUT_MS.min && timeoutMs <= TIMEOUT_MS.max) return timeoutMs;
  throw new BridgeError(
    "CONFIG_INVALID",
    `rateLimitStore.timeoutMs: must be ${TIMEOUT_MS.min} to ${TIMEOUT_MS.max}.`,
  );
}

/** @throws whatever the store says while it is being prepared */
export async function createStoreLimiter(
  options: LimiterOptions,
  store: RateLimitStore,
): Promise<RateLimiterAbstract> {
  switch (store.kind) {
    case "cluster":
      return new RateLimiterCluster({ ...options, timeoutMs: storeTimeoutMs(store) });
    case "redis":
      return new RateLimiterRedis({
        ...options,
        storeClient: store.client,
        useRedisPackage: "isOpen" in store.client,
        // A client that is not connected would keep the request waiting instead of failing.
        rejectIfRedisNotReady: true,
      });
    case "postgres": {
      const { client, tableName = "breezeway_rate_limits" } = store;
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
  }
}
