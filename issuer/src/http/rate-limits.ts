/**
 * How much one session, one app, one tenant and one address may ask for, per minute and process. They stop loops
 * and scripts; they do not replace a firewall.
 */
import { BridgeError } from "@breezeway/shared";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Requests per minute. Each 1 to 10 000 000. */
export interface RateLimits {
  /** Sign-ins from one address. Default 300. */
  readonly loginsPerAddress?: number;
  /** Tokens of one session, for all its apps. Default 1200. */
  readonly mintsPerSession?: number;
  /** Tokens of one session for one app. Default 300: that many tabs, each with a token a minute. */
  readonly mintsPerSessionAndApp?: number;
  /** Tokens for one app, for everybody together. Default 600 000. */
  readonly mintsPerApp?: number;
  /**
   * Wishes of one kind (install, uninstall, retry, setup completed) about the apps of one tenant, over
   * HTTP. Each uninstall may be an entry that all gateways keep. Default 120.
   */
  readonly installationChangesPerTenant?: number;
  /** State-changing requests from one address, an office behind one NAT included. Default 12 000. */
  readonly requestsPerAddress?: number;
}

export interface RateLimiter {
  login(address: string): Promise<void>;
  mint(handle: string, appId: string): Promise<void>;
  installation(tenantId: string, kind: string): Promise<void>;
  request(address: string): Promise<void>;
}

export const DEFAULT_RATE_LIMITS: Required<RateLimits> = {
  loginsPerAddress: 300,
  mintsPerSession: 1_200,
  mintsPerSessionAndApp: 300,
  mintsPerApp: 600_000,
  installationChangesPerTenant: 120,
  requestsPerAddress: 12_000,
};

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
  const request = perMinute("request", per.requestsPerAddress);
  const session = perMinute("session", per.mintsPerSession);
  const sessionAndApp = perMinute("session-app", per.mintsPerSessionAndApp);
  const app = perMinute("app", per.mintsPerApp);
  const installation = perMinute("installation", per.installationChangesPerTenant);
  return {
    login: (address) => consume(login, networkOf(address)),
    request: (address) => consume(request, networkOf(address)),
    // By kind: a setup page that calls without end must not keep anybody from uninstalling it.
    installation: (tenantId, kind) => consume(installation, `${kind} ${tenantId}`),
    async mint(handle, appId) {
      await consume(sessionAndApp, `${handle} ${appId}`);
      await consume(session, handle);
      await consume(app, appId);
    },
  };
}

function perMinute(keyPrefix: string, points: number): RateLimiterMemory {
  return new RateLimiterMemory({ keyPrefix, points, duration: 60 });
}

/** @throws {BridgeError} RATE_LIMITED, with the seconds to wait in its details */
async function consume(limiter: RateLimiterMemory, key: string | undefined): Promise<void> {
  if (key === undefined) return;
  try {
    await limiter.consume(key);
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    throw new BridgeError("RATE_LIMITED", "Too many requests.", {
      details: { retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) },
    });
  }
}

/**
 * Whoever has one IPv6 address has 2^64 of them, so their /64 counts as one. An address that the
 * server does not know cannot be limited.
 */
export function networkOf(address: string): string | undefined {
  if (address === "unknown" || address === "") return undefined;
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const full = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  return full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
