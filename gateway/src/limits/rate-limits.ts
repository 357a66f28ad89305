/**
 * Requests per window and tenant, app or user. Counted by rate-limiter-flexible: in memory, or in a
 * Redis or Postgres that several gateways share. When that store fails, each gateway goes on counting
 * on its own: a limit is not worth an outage.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import {
  RateLimiterCluster,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
  type RateLimiterAbstract,
} from "rate-limiter-flexible";
import type { RateLimitOptions } from "../config/route-schema.ts";
import type { Route } from "../routes/route-table.ts";

/** Where several gateways count together. The client stays the caller's: it is not closed here. */
export type RateLimitStore =
  /** A client of `redis` (node-redis) or `ioredis`, connected. */
  | { readonly kind: "redis"; readonly client: object }
  /** In the primary process of `serveGatewayCluster`, which uses it of its own accord. */
  | { readonly kind: "cluster" }
  /** A `Pool` of `pg`. The table is made when it is not there. */
  | { readonly kind: "postgres"; readonly client: object; readonly tableName?: string };

export interface RateLimitState {
  readonly isExceeded: boolean;
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly headers: readonly string[];
  readonly retryAfterSeconds: number;
}

export interface RateLimits {
  /** Counts one request. Only for routes that have a limit. */
  count(route: Route, limit: RateLimitOptions, session: VerifiedSession): Promise<RateLimitState>;
}

const DEFAULT_PER = ["tenant", "app", "user"] as const;
const KEY_PREFIX = "breezeway";
const CLUSTER_TIMEOUT_MS = 2_000;

export function createRateLimits(store: RateLimitStore | undefined): RateLimits {
  // By what they count, so that a reload which changes another route does not forget.
  const limiters = new Map<string, Promise<RateLimiterAbstract>>();

  function limiterOf(name: string, limit: RateLimitOptions): Promise<RateLimiterAbstract> {
    const known = limiters.get(name);
    if (known !== undefined) return known;
    const options = { keyPrefix: name, points: limit.requests, duration: limit.windowSeconds };
    const made = createLimiter(options, store, () => limiters.delete(name));
    limiters.set(name, made);
    return made;
  }

  return {
    count: async (route, limit, session) => {
      const { requests, windowSeconds, per = DEFAULT_PER } = limit;
      const name = [KEY_PREFIX, route.prefix, requests, windowSeconds, per.join("+")].join(":");
      const limiter = await limiterOf(name, limit);
      return limiter.consume(keyOf(per, session)).then(
        (result) => stateOf(limit, result, false),
        (result: unknown) => {
          if (result instanceof RateLimiterRes) return stateOf(limit, result, true);
          throw new BridgeError("INTERNAL_ERROR", "The rate limit cannot be counted.", {
            cause: result,
          });
        },
      );
    },
  };
}

interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

/** @param onFailed - The store could not be prepared; another attempt may succeed. */
async function createLimiter(
  options: LimiterOptions,
  store: RateLimitStore | undefined,
  onFailed: () => void,
): Promise<RateLimiterAbstract> {
  const memory = new RateLimiterMemory(options);
  if (store === undefined) return memory;
  if (store.kind === "cluster") {
    return new RateLimiterCluster({ ...options, timeoutMs: CLUSTER_TIMEOUT_MS });
  }
  const shared = { ...options, storeClient: store.client, insuranceLimiter: memory };
  if (store.kind === "redis") {
    return new RateLimiterRedis({
      ...shared,
      useRedisPackage: "isOpen" in store.client,
      // A client that is not connected would keep the request waiting instead of failing.
      rejectIfRedisNotReady: true,
    });
  }
  const tableName = store.tableName ?? "breezeway_rate_limits";
  const prepare = (): Promise<RateLimiterAbstract | undefined> => {
    const { promise, resolve } = Promise.withResolvers<RateLimiterAbstract | undefined>();
    const limiter = new RateLimiterPostgres({ ...shared, tableName }, (error?: Error) =>
      resolve(error === undefined ? limiter : undefined),
    );
    return promise;
  };
  // Postgres refuses the second of two that make the table in the same moment; then it is there.
  const limiter = (await prepare()) ?? (await prepare());
  if (limiter === undefined) onFailed();
  return limiter ?? memory;
}

/** Parts are quoted, so that no tenant can be named like another tenant with a user. */
function keyOf(per: NonNullable<RateLimitOptions["per"]>, session: VerifiedSession): string {
  const parts = per.map((part) =>
    part === "tenant" ? session.tenantId : part === "app" ? session.appId : session.userId,
  );
  return JSON.stringify(parts);
}

function stateOf(
  { requests, windowSeconds }: RateLimitOptions,
  result: RateLimiterRes,
  isExceeded: boolean,
): RateLimitState {
  const resetSeconds = Math.max(1, Math.ceil(result.msBeforeNext / 1_000));
  return {
    isExceeded,
    retryAfterSeconds: resetSeconds,
    headers: [
      "ratelimit-policy",
      `"default";q=${requests};w=${windowSeconds}`,
      "ratelimit",
      `"default";r=${Math.max(0, result.remainingPoints)};t=${resetSeconds}`,
    ],
  };
}
