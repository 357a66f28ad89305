/**
 * Limits the CPU time that invalid tokens of one address can cost, since each of them is verified. Beyond
 * the limit, tokens from the address are not verified until the window ends.
 *
 * Clients that share the address and were accepted before are not affected, or one of them could lock out
 * the others. Cached tokens pass. New tokens are verified if they name a session that was accepted before,
 * up to `MAX_RENEWALS` per session. Handles are random, so an attacker can name only a session of their own.
 */
import { BridgeError, isRecord, TOKEN_LIMITS, type ErrorReason } from "@breezeway/shared";
import type { SessionVerifier, VerifyRequest } from "@breezeway/verify";
import { LRUCache } from "lru-cache";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { RequestHead } from "../request/request-head.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import { clientAddress } from "../request/client-address.ts";

export interface RefusalLimitOptions {
  /** Rejected tokens per window. */
  readonly requests: number;
  /** Length of the window in seconds, 1 to 86 400. */
  readonly windowSeconds: number;
}

/** The default leaves room for a whole office behind one address, whose tokens expire now and then. */
export const REFUSAL_LIMIT: RefusalLimitOptions = { requests: 1_000, windowSeconds: 60 };

/** New tokens per session and minute. A session with a dozen apps renews each token about every 45 s. */
export const MAX_RENEWALS = 60;
const RENEWAL_WINDOW_MS = 60_000;
/** The most recently accepted sessions, whose new tokens are verified. */
const MAX_KNOWN_SESSIONS = 10_000;

export interface RefusalLimit extends ExchangeObserver {
  /** @throws {BridgeError} RATE_LIMITED, when the token must not be verified */
  check(head: RequestHead, token: string, request: VerifyRequest): void;
  /** Addresses that are limited now. */
  readonly limited: number;
}

export interface RefusalLimitDeps {
  readonly verifier: Pick<SessionVerifier, "verifyCached">;
  readonly trustsPeer: (address: string | undefined) => boolean;
}

const REJECTED: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  "token-malformed",
  "token-signature",
  "key-unknown",
  "token-alg",
  "issuer-mismatch",
  "audience-mismatch",
  "azp-mismatch",
  "token-expired",
  "token-not-yet",
  "iat-future",
  "proof-invalid",
]);

/** New tokens of a session that were verified beyond the limit, in the current window. */
interface Renewals {
  count: number;
  endsAtMs: number;
}

export function createRefusalLimit(
  { requests, windowSeconds }: RefusalLimitOptions,
  { verifier, trustsPeer }: RefusalLimitDeps,
): RefusalLimit {
  const limiter = new RateLimiterMemory({ points: requests, duration: windowSeconds });
  /** Address → end of its limit, in monotonic milliseconds. */
  const limited = new Map<string, number>();
  /**
   * Accepted sessions, by handle. Not a Map that drops its first entry: deleted entries stay in its table
   * by the thousand, and each search for the first entry passes all of them.
   */
  const renewals = new LRUCache<string, Renewals>({ max: MAX_KNOWN_SESSIONS });

  function mayRenew(token: string, nowMs: number): boolean {
    const handle = claimedHandle(token);
    const own = typeof handle === "string" ? renewals.get(handle) : undefined;
    if (own === undefined) return false;
    if (nowMs >= own.endsAtMs) {
      own.count = 0;
      own.endsAtMs = nowMs + RENEWAL_WINDOW_MS;
    }
    own.count += 1;
    return own.count <= MAX_RENEWALS;
  }

  function isRemembered(token: string, request: VerifyRequest): boolean {
    try {
      return verifier.verifyCached(token, request) !== undefined;
    } catch (error) {
      // The token is bound to a key, and its proof is verified later.
      if (BridgeError.is(error) && error.code === "PROOF_INVALID") return true;
      throw error;
    }
  }

  async function count(address: string): Promise<void> {
    const { consumedPoints, msBeforeNext } = await limiter.penalty(address);
    if (consumedPoints < requests) return;
    // Its time is by the wall clock, which may have been set back.
    const waitMs = Math.min(msBeforeNext, windowSeconds * 1_000);
    limited.set(address, performance.now() + waitMs);
    setTimeout(() => limited.delete(address), waitMs).unref();
  }

  return {
    get limited() {
      return limited.size;
    },
    check: (head, token, request) => {
      // The usual case, on each request: no need to find the address.
      if (limited.size === 0) return;
      const address = clientAddress(head, trustsPeer);
      const untilMs = address === undefined ? undefined : limited.get(address);
      if (untilMs === undefined || isRemembered(token, request)) return;
      const nowMs = performance.now();
      if (mayRenew(token, nowMs)) return;
      throw new BridgeError(
        "RATE_LIMITED",
        "Too many rejected tokens came from this address. Send valid tokens, after the time in Retry-After.",
        {
          details: { retryAfterSeconds: Math.max(1, Math.ceil((untilMs - nowMs) / 1_000)) },
        },
      );
    },
    allowed: ({ session }) => {
      if (session === undefined || renewals.get(session.handle) !== undefined) return;
      renewals.set(session.handle, { count: 0, endsAtMs: 0 });
    },
    finished: ({ reason, head }) => {
      if (reason === undefined || !REJECTED.has(reason)) return;
      const address = clientAddress(head, trustsPeer);
      if (address !== undefined) void count(address);
    },
  };
}

/** The session handle in the token, unverified; `undefined` without one. */
function claimedHandle(token: string): unknown {
  if (token.length > TOKEN_LIMITS.maxTokenBytes) return undefined;
  try {
    const payload = Buffer.from(token.split(".", 2)[1] ?? "", "base64url").toString();
    const claims: unknown = JSON.parse(payload);
    return isRecord(claims) ? claims["sid"] : undefined;
  } catch {
    return undefined;
  }
}
