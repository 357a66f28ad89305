import type { ProofVerifier, SessionVerifier, VerifiedSession } from "@breezeway/verify";
import type { Policy } from "../decision/policy.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { RefusalLimit } from "../limits/refusal-limit.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { Upstreams } from "../upstream/upstream-pools.ts";

/** What all exchanges of one gateway share. */
export interface ExchangeServices {
  readonly verifier: Pick<SessionVerifier, "verify" | "verifySync">;
  /** `undefined` when tokens that are bound to a key are not taken. */
  readonly proofs: ProofVerifier | undefined;
  readonly upstreams: Upstreams;
  readonly open: OpenExchanges;
  readonly rateLimits: RateLimits;
  /** `undefined` for no limit. */
  readonly refusalLimit: Pick<RefusalLimit, "check"> | undefined;
  readonly observer: Required<ExchangeObserver>;
  readonly tracing: Tracing | undefined;
  /**
   * For a session that was verified before a wait, in which a revocation or a reload may have come.
   *
   * @throws {BridgeError} KEY_UNKNOWN, SESSION_REVOKED, AUDIENCE_MISMATCH
   */
  assertCurrent(session: VerifiedSession): void;
  /** The policy that new requests get; a reload changes it. */
  policy(): Policy;
  readonly randomId: () => string;
}
