/**
 * Limits per minute and process for one session, one app, one tenant and one address. They stop loops
 * and scripts; they do not replace a firewall.
 */
import { BridgeError } from "@breezeway/shared";
import { optionObject, wholeNumberOption } from "@breezeway/shared/schemas";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import * as z from "zod/mini";
import { ipv6Groups } from "../ipv6-groups.ts";
import { DEFAULT_RATE_LIMITS } from "../limits.ts";

/** Requests per minute. Each 1 to 10 000 000. */
export interface RateLimits {
  /** Sign-ins from one address. Default 300. */
  readonly loginsPerAddress?: number;
  /**
   * Sign-ins from all addresses, each with its one or two requests. The store keeps a sign-in at a provider
   * for up to 10 minutes, so this bounds what strangers with many addresses can put there. Half of it is for
   * the first 4 requests of each address, so that it takes thousands of addresses to keep others from
   * signing in. Default 20 000.
   */
  readonly logins?: number;
  /** Tokens of one session for all apps together. Default 1200. */
  readonly mintsPerSession?: number;
  /** Tokens of one session for one app. Default 300, enough for 300 tabs. */
  readonly mintsPerSessionAndApp?: number;
  /** Tokens of all sessions for one app. Default 600 000. */
  readonly mintsPerApp?: number;
  /**
   * HTTP requests of one kind (install, uninstall, retry, setup completed) about the apps of one
   * tenant. Each uninstall can add a revocation that all gateways keep. Default 120.
   */
  readonly installationChangesPerTenant?: number;
  /** State-changing requests from one address, which may be a whole office. Default 12 000. */
  readonly requestsPerAddress?: number;
}

const WINDOW_SECONDS = 60;
/** A user and a few tries. An attempt at a provider makes two requests. */
const FEW_LOGINS = 4;

const limit = z.optional(wholeNumberOption(1, 10_000_000));

export const rateLimitOptions: z.ZodMiniType<RateLimits> = optionObject<RateLimits>({
  loginsPerAddress: limit,
  logins: limit,
  mintsPerSession: limit,
  mintsPerSessionAndApp: limit,
  mintsPerApp: limit,
  installationChangesPerTenant: limit,
  requestsPerAddress: limit,
});

export interface RateLimiter {
  login(address: string): Promise<void>;
  mint(handle: string, appId: string): Promise<void>;
  installation(tenantId: string, kind: string): Promise<void>;
  request(address: string): Promise<void>;
}

const UNLIMITED: RateLimiter = {
  login: () => Promise.resolve(),
  mint: () => Promise.resolve(),
  installation: () => Promise.resolve(),
  request: () => Promise.resolve(),
};

export function createRateLimiter(limits: RateLimits | false = {}): RateLimiter {
  if (limits === false) return UNLIMITED;
  const per = { ...DEFAULT_RATE_LIMITS, ...limits };
  const login = perMinute("login", per.loginsPerAddress);
  const logins = perMinute("logins", per.logins);
  const loginsOfMany = perMinute("logins-of-many", Math.ceil(per.logins / 2));
  const request = perMinute("request", per.requestsPerAddress);
  const session = perMinute("session", per.mintsPerSession);
  const sessionAndApp = perMinute("session-app", per.mintsPerSessionAndApp);
  const app = perMinute("app", per.mintsPerApp);
  const installation = perMinute("installation", per.installationChangesPerTenant);
  return {
    login: async (address) => {
      const own = await consume(login, networkOf(address));
      if (own > FEW_LOGINS) await consume(loginsOfMany, "all");
      await consume(logins, "all");
    },
    request: async (address) => void (await consume(request, networkOf(address))),
    // Counted by kind: a setup page that calls in a loop must not block its uninstallation.
    installation: async (tenantId, kind) =>
      void (await consume(installation, `${kind} ${tenantId}`)),
    mint: async (handle, appId) => {
      await consume(sessionAndApp, `${handle} ${appId}`);
      await consume(session, handle);
      await consume(app, appId);
    },
  };
}

function perMinute(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: WINDOW_SECONDS });
}

/**
 * @returns how many the key has consumed in this window; 0 without a key
 * @throws {BridgeError} RATE_LIMITED, with the seconds to wait in its details
 */
async function consume(limiter: RateLimiterMemory, key: string | undefined): Promise<number> {
  if (key === undefined) return 0;
  try {
    return (await limiter.consume(key)).consumedPoints;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    // Its time is by the wall clock, which may have been set back. The window ends by a timer.
    const waitSeconds = Math.min(Math.ceil(refusal.msBeforeNext / 1_000), WINDOW_SECONDS);
    throw new BridgeError("RATE_LIMITED", "Too many requests. Retry later.", {
      details: { retryAfterSeconds: Math.max(1, waitSeconds) },
    });
  }
}

/**
 * The key that an address counts under. A client with one IPv6 address usually has a whole /64, so the
 * /64 counts as one. `undefined` when the server does not know the address: then nothing is limited.
 */
export function networkOf(address: string): string | undefined {
  if (address === "unknown" || address === "") return undefined;
  if (!address.includes(":") || address.includes(".")) return address;
  return ipv6Groups(address).slice(0, 4).join(":");
}
