import type { ProofVerifier, SessionVerifier, VerifiedSession } from "@breezeway/verify";
import type { Policy } from "../decision/policy.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { RefusalLimit } from "../limits/refusal-limit.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { UpstreamPools } from "../upstream/upstream-pools.ts";
import type { OpenExchanges } from "./open-exchanges.ts";

/** The parts of a gateway that all of its exchanges share. */
export interface ExchangeDeps {
  readonly verifier: Pick<SessionVerifier, "verify" | "verifySync">;
  /** `undefined` when the gateway accepts no tokens that are bound to a key. */
  readonly proofs: ProofVerifier | undefined;
  readonly upstreams: UpstreamPools;
  readonly open: OpenExchanges;
  readonly rateLimits: RateLimits;
  /** `undefined` for no limit. */
  readonly refusalLimit: Pick<RefusalLimit, "check"> | undefined;
  readonly observer: Required<ExchangeObserver>;
  readonly tracing: Tracing | undefined;
  /**
   * Checks a session again after a wait, during which a revocation or a reload may have arrived.
   *
   * @throws {BridgeError} KEY_UNKNOWN, SESSION_REVOKED, AUDIENCE_MISMATCH
   */
  readonly assertCurrent: (session: VerifiedSession) => void;
  /** The policy for new requests. A reload replaces it. */
  readonly policy: () => Policy;
  readonly randomId: () => string;
}
