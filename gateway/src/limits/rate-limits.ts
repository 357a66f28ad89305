/**
 * Requests per window and tenant, app or user. rate-limiter-flexible counts them in memory, or in a store
 * that several gateways share. A store that does not answer delays a request by its time limit at most.
 * Then each gateway counts alone or refuses, as configured.
 */
import { createHash } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import type { VerifiedSession } from "@breezeway/verify";
import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from "rate-limiter-flexible";
import type { RateLimitOptions } from "../config/route-schema.ts";
import type { Route } from "../decision/route-table.ts";
import {
  createStoreLimiter,
  storeTimeoutMs,
  type LimiterOptions,
  type RateLimitStore,
} from "./rate-limit-store.ts";
import { createStoreClient } from "./store-client.ts";
import { createStoreGuard } from "./store-guard.ts";

export interface RateLimitState {
  readonly isExceeded: boolean;
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10). */
  readonly headers: readonly string[];
  readonly retryAfterSeconds: number;
}

/** @throws {BridgeError} RATE_LIMITED, when the request is one too many */
export function assertNotExceeded({ isExceeded, retryAfterSeconds }: RateLimitState): void {
  if (!isExceeded) return;
  const details = { retryAfterSeconds };
  throw new BridgeError("RATE_LIMITED", "Too many requests.", { details });
}

export interface RateLimits {
  /**
   * Counts one request. Only for routes that have a limit.
   *
   * @throws {BridgeError} STORE_UNAVAILABLE, when the store fails and `whenDown` is `refuse`
   */
  count(route: Route, limit: RateLimitOptions, session: VerifiedSession): Promise<RateLimitState>;
  /** The state that {@link RateLimits.count} would return, without counting. */
  peek(route: Route, limit: RateLimitOptions, session: VerifiedSession): Promise<RateLimitState>;
  /** `undefined` without a shared store. */
  readonly isStoreUp: boolean | undefined;
  /**
   * Marks an id as used for all gateways that share the store. Only with a shared store.
   *
   * @returns false when the id was used before
   * @throws {BridgeError} STORE_UNAVAILABLE as {@link RateLimits.count}
   */
  useOnce(id: string, windowSeconds: number): Promise<boolean>;
  /** Closes the connections that the gateway opened. */
  close(): Promise<void>;
}

interface Counted {
  readonly result: RateLimiterRes;
  readonly isExceeded: boolean;
}

/** @param points - 0 to read without counting. */
type Count = (options: LimiterOptions, key: string, points: 0 | 1) => Promise<Counted>;

const DEFAULT_PER = ["tenant", "app", "user"] as const;
const KEY_PREFIX = "breezeway";

/**
 * @param onStoreFailed - Called for each failure of the store.
 * @throws {BridgeError} CONFIG_INVALID
 */
export function createRateLimits(
  store: RateLimitStore | undefined,
  onStoreFailed: (error: unknown) => void,
): RateLimits {
  const alone = createCount((options) => Promise.resolve(new RateLimiterMemory(options)));
  const shared = store && createSharedCount(store, { alone, onStoreFailed });
  const count = shared?.count ?? alone;

  async function ask(
    ...[route, limit, session, points]: [...Parameters<RateLimits["count"]>, 0 | 1]
  ): Promise<RateLimitState> {
    const { requests, windowSeconds, per = DEFAULT_PER } = limit;
    const keyPrefix = [KEY_PREFIX, route.prefix, requests, windowSeconds, per.join("+")].join(":");
    const options = { keyPrefix: bounded(keyPrefix), points: requests, duration: windowSeconds };
    return stateOf(limit, await count(options, bounded(keyOf(per, session)), points));
  }

  return {
    get isStoreUp() {
      return shared?.isUp();
    },
    count: (...asked) => ask(...asked, 1),
    peek: (...asked) => ask(...asked, 0),
    useOnce: async (id, windowSeconds) => {
      const options = { keyPrefix: `${KEY_PREFIX}:once`, points: 1, duration: windowSeconds };
      return !(await count(options, bounded(id), 1)).isExceeded;
    },
    close: async () => shared?.close(),
  };
}

// Postgres limits a key (prefix and key together) to 255 characters, and to the characters of the
// database's encoding without "\0". A refused key counts as a failure of the store: one guest's proof id,
// or one tenant's name, could disable the shared count for everybody. So other keys are hashed.
const PLAIN_KEY = /^[\x20-\x7e]{0,100}$/;

function bounded(key: string): string {
  if (PLAIN_KEY.test(key)) return key;
  return `#${createHash("sha256").update(key).digest("base64url")}`;
}

interface SharedCount {
  readonly count: Count;
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

interface SharedCountDeps {
  readonly alone: Count;
  readonly onStoreFailed: (error: unknown) => void;
}

function createSharedCount(
  store: RateLimitStore,
  { alone, onStoreFailed }: SharedCountDeps,
): SharedCount {
  const client = createStoreClient(store);
  const guard = createStoreGuard({
    timeoutMs: storeTimeoutMs(store),
    onFailed: onStoreFailed,
    onDown: (failure) => client.renew(failure),
  });
  const inStore = createCount(async (options) =>
    createStoreLimiter(options, store, await client.get()),
  );
  return {
    isUp: () => guard.isUp,
    close: () => client.close(),
    count: async (options, key, points) => {
      const counted = await guard.attempt(() => inStore(options, key, points));
      if (counted !== undefined) return counted;
      if (store.whenDown !== "refuse") return alone(options, key, points);
      throw new BridgeError(
        "STORE_UNAVAILABLE",
        "The rate-limit store does not answer. Send the request again later.",
        {
          details: { retryAfterSeconds: 1 },
        },
      );
    },
  };
}

function createCount(create: (options: LimiterOptions) => Promise<RateLimiterAbstract>): Count {
  // Keyed by what they count, so that a reload of another route keeps these counts.
  const limiters = new Map<string, Promise<RateLimiterAbstract>>();

  function limiterOf(options: LimiterOptions): Promise<RateLimiterAbstract> {
    const known = limiters.get(options.keyPrefix);
    if (known !== undefined) return known;
    const made = create(options);
    limiters.set(options.keyPrefix, made);
    // The next request tries again.
    made.catch(() => limiters.delete(options.keyPrefix));
    return made;
  }

  return async (options, key, points) => {
    const limiter = await limiterOf(options);
    if (points === 0) {
      const result = (await limiter.get(key)) ?? new RateLimiterRes(options.points, 0, 0);
      return { result, isExceeded: result.consumedPoints > options.points };
    }
    return limiter.consume(key).then(
      (result) => ({ result, isExceeded: false }),
      (result: unknown) => {
        if (result instanceof RateLimiterRes) return { result, isExceeded: true };
        throw result;
      },
    );
  };
}

/** JSON keeps the parts apart: no tenant name can equal another tenant plus a user. */
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
  // Its time is by the wall clock, which may have been set back. The window ends by a timer.
  const leftSeconds = Math.min(Math.ceil(result.msBeforeNext / 1_000), windowSeconds);
  const resetSeconds = Math.max(1, leftSeconds);
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
