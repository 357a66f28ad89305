/**
 * Bounds what an address can cost that sends tokens which are none: each of them is verified, and
 * verification is what costs. Beyond the limit its tokens are not looked at until the window ends,
 * except those that are remembered: people who share the address and were let in stay in.
 */
import { BridgeError, type ErrorReason } from "@breezeway/shared";
import type { SessionVerifier, VerifyRequest } from "@breezeway/verify";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { RequestHead } from "../decision/examine.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import { clientAddress } from "./client-address.ts";

export interface RefusalLimitOptions {
  /** Refused tokens within the window. */
  readonly requests: number;
  /** Length of the window in seconds, 1 to 86 400. */
  readonly windowSeconds: number;
}

/** A good client is refused now and then; a whole office of them behind one address, too. */
export const REFUSAL_LIMIT: RefusalLimitOptions = { requests: 1_000, windowSeconds: 60 };

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
]);

export function createRefusalLimit(
  { requests, windowSeconds }: RefusalLimitOptions,
  { verifier, trustsPeer }: RefusalLimitParts,
): RefusalLimit {
  const limiter = new RateLimiterMemory({ points: requests, duration: windowSeconds });
  /** Until when, in monotonic milliseconds, by address. */
  const limited = new Map<string, number>();

  function forgetEnded(nowMs: number): void {
    for (const [address, untilMs] of limited) if (untilMs <= nowMs) limited.delete(address);
  }

  async function count(address: string): Promise<void> {
    const result = await limiter.consume(address).catch((exceeded: unknown) => exceeded);
    if (!(result instanceof RateLimiterRes) || result.remainingPoints > 0) return;
    const nowMs = performance.now();
    forgetEnded(nowMs);
    limited.set(address, nowMs + result.msBeforeNext);
  }

  return {
    get limited() {
      forgetEnded(performance.now());
      return limited.size;
    },
    check: (head, token, request) => {
      if (limited.size === 0) return;
      const address = clientAddress(head, trustsPeer);
      const untilMs = address === undefined ? undefined : limited.get(address);
      const leftMs = (untilMs ?? 0) - performance.now();
      if (leftMs <= 0 || verifier.verifyCached(token, request) !== undefined) return;
      throw new BridgeError("RATE_LIMITED", "Too many refused tokens from this address.", {
        details: { retryAfterSeconds: Math.ceil(leftMs / 1_000) },
      });
    },
    finished: ({ reason, head }) => {
      if (reason === undefined || !REFUSED.has(reason)) return;
      const address = clientAddress(head, trustsPeer);
      if (address !== undefined) void count(address);
    },
  };
}
