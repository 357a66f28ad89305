/**
 * Bounds what an address can cost that sends tokens which are none: each of them is verified, and
 * verification is what costs. Beyond the limit its tokens are not verified until the window ends.
 *
 * People who share the address and were let in stay in, or one of them could put the others out:
 * remembered tokens pass, and new ones that name a session which was let in before are verified, so
 * many of each session. Handles are random, so whoever forges such a token has one of his own.
 */
import { BridgeError, isRecord, TOKEN_LIMITS, type ErrorReason } from "@breezeway/shared";
import type { SessionVerifier, VerifyRequest } from "@breezeway/verify";
import { LRUCache } from "lru-cache";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { RequestHead } from "../request/request-head.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import { clientAddress } from "../request/client-address.ts";

export interface RefusalLimitOptions {
  /** Refused tokens within the window. */
  readonly requests: number;
  /** Length of the window in seconds, 1 to 86 400. */
  readonly windowSeconds: number;
}

/** A good client is refused now and then; a whole office of them behind one address, too. */
export const REFUSAL_LIMIT: RefusalLimitOptions = { requests: 1_000, windowSeconds: 60 };

/** Of one session in a minute. One with a dozen apps gets a new token for each every 45 s or so. */
export const MAX_RENEWALS = 60;
const RENEWAL_WINDOW_MS = 60_000;
/** Sessions of which new tokens are verified: those let in last. */
const MAX_KNOWN_SESSIONS = 10_000;

export interface RefusalLimit extends ExchangeObserver {
  /** @throws {BridgeError} RATE_LIMITED instead of having a token verified */
  check(head: RequestHead, token: string, request: VerifyRequest): void;
  /** Addresses that are limited now. */
  readonly limited: number;
}

export interface RefusalLimitParts {
  readonly verifier: Pick<SessionVerifier, "verifyCached">;
  readonly trustsPeer: (address: string | undefined) => boolean;
}

const REFUSED: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
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

/** How many new tokens of a session were verified beyond the limit, in a window that ends then. */
interface Renewals {
  count: number;
  endsAtMs: number;
}

export function createRefusalLimit(
  { requests, windowSeconds }: RefusalLimitOptions,
  { verifier, trustsPeer }: RefusalLimitParts,
): RefusalLimit {
  const limiter = new RateLimiterMemory({ points: requests, duration: windowSeconds });
  /** Until when, in monotonic milliseconds, by address. */
  const limited = new Map<string, number>();
  /**
   * By handle, of sessions that were let in. Not a Map whose first entry makes room: what was deleted
   * stays in its table for thousands of entries, and each look for the first passes all of that.
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
      // One that is bound to a key; the proof of it has not been looked at yet.
      if (BridgeError.is(error) && error.code === "PROOF_INVALID") return true;
      throw error;
    }
  }

  async function count(address: string): Promise<void> {
    const { consumedPoints, msBeforeNext } = await limiter.penalty(address);
    if (consumedPoints < requests) return;
    limited.set(address, performance.now() + msBeforeNext);
    setTimeout(() => limited.delete(address), msBeforeNext).unref();
  }

  return {
    get limited() {
      return limited.size;
    },
    check: (head, token, request) => {
      // Nearly always, and on each request: its address need not be looked for.
      if (limited.size === 0) return;
      const address = clientAddress(head, trustsPeer);
      const untilMs = address === undefined ? undefined : limited.get(address);
      if (untilMs === undefined || isRemembered(token, request)) return;
      const nowMs = performance.now();
      if (mayRenew(token, nowMs)) return;
      throw new BridgeError("RATE_LIMITED", "Too many refused tokens from this address.", {
        details: { retryAfterSeconds: Math.max(1, Math.ceil((untilMs - nowMs) / 1_000)) },
      });
    },
    allowed: ({ session }) => {
      if (session === undefined || renewals.get(session.handle) !== undefined) return;
      renewals.set(session.handle, { count: 0, endsAtMs: 0 });
    },
    finished: ({ reason, head }) => {
      if (reason === undefined || !REFUSED.has(reason)) return;
      const address = clientAddress(head, trustsPeer);
      if (address !== undefined) void count(address);
    },
  };
}

/** What the token says of its session, unverified; `undefined` if it says nothing. */
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
