/**
 * Requests per window and tenant, app or user. Counted by rate-limiter-flexible: in memory, or in a
 * store that several gateways share. A store that does not answer costs a request its time limit at
 * most; then each gateway counts on its own, or refuses, as the operator chose.
 */
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from "rate-limiter-flexible";
import type { RateLimitOptions } from "../config/route-schema.ts";
import type { Route } from "../routes/route-table.ts";
import {
  createStoreLimiter,
  storeTimeoutMs,
  type LimiterOptions,
  type RateLimitStore,
} from "./rate-limit-store.ts";
import { createStoreGuard } from "./store-guard.ts";

export interface RateLimitState {
  readonly isExceeded: boolean;
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly headers: readonly string[];
  readonly retryAfterSeconds: number;
}

export interface RateLimits {
  /**
   * Counts one request. Only for routes that have a limit.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE when the operator wants that rather than counting alone
   */
  count(route: Route, limit: RateLimitOptions, session: VerifiedSession): Promise<RateLimitState>;
  /** `undefined` without a shared store. */
  readonly isStoreUp: boolean | undefined;
}

interface Counted {
  readonly result: RateLimiterRes;
  readonly isExceeded: boolean;
}

type Count = (options: LimiterOptions, key: string) => Promise<Counted>;

const DEFAULT_PER = ["tenant", "app", "user"] as const;
const KEY_PREFIX = "breezeway";

/**
 * @param onStoreFailed - Told of each failure of the store.
 * @throws {BridgeError} CONFIG_INVALID
 */
export function createRateLimits(
  store: RateLimitStore | undefined,
  onStoreFailed: (error: unknown) => void,
): RateLimits {
  const alone = createCount((options) => Promise.resolve(new RateLimiterMemory(options)));
  const shared = store && createSharedCount(store, { alone, onStoreFailed });
  return {
    get isStoreUp() {
      return shared?.isUp();
    },
    count: async (route, limit, session) => {
      const { requests, windowSeconds, per = DEFAULT_PER } = limit;
      const keyPrefix = [KEY_PREFIX, route.prefix, requests, windowSeconds, per.join("+")].join(
        ":",
      );
      const options = { keyPrefix, points: requests, duration: windowSeconds };
      return stateOf(limit, await (shared?.count ?? alone)(options, keyOf(per, session)));
    },
  };
}

interface SharedCount {
  readonly count: Count;
  readonly isUp: () => boolean;
}

interface SharedCountParts {
  readonly alone: Count;
  readonly onStoreFailed: (error: unknown) => void;
}

function createSharedCount(
  store: RateLimitStore,
  { alone, onStoreFailed }: SharedCountParts,
): SharedCount {
  const guard = createStoreGuard({ timeoutMs: storeTimeoutMs(store), onFailed: onStoreFailed });
  const inStore = createCount((options) => createStoreLimiter(options, store));
  return {
    isUp: () => guard.isUp,
    count: async (options, key) => {
      const counted = await guard.attempt(() => inStore(options, key));
      if (counted !== undefined) return counted;
      if (store.whenDown !== "refuse") return alone(options, key);
      throw new BridgeError("STORE_UNAVAILABLE", "The rate limit cannot be counted.", {
        details: { retryAfterSeconds: 1 },
      });
    },
  };
}

function createCount(create: (options: LimiterOptions) => Promise<RateLimiterAbstract>): Count {
  // By what they count, so that a reload which changes another route does not forget.
  const limiters = new Map<string, Promise<RateLimiterAbstract>>();

  function limiterOf(options: LimiterOptions): Promise<RateLimiterAbstract> {
    const known = limiters.get(options.keyPrefix);
    if (known !== undefined) return known;
    const made = create(options);
    limiters.set(options.keyPrefix, made);
    // Another attempt may succeed.
    made.catch(() => limiters.delete(options.keyPrefix));
    return made;
  }

  return async (options, key) => {
    const limiter = await limiterOf(options);
    return limiter.consume(key).then(
      (result) => ({ result, isExceeded: false }),
      (result: unknown) => {
        if (result instanceof RateLimiterRes) return { result, isExceeded: true };
        throw result;
      },
    );
  };
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
  { result, isExceeded }: Counted,
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
