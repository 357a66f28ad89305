import type { SessionClaims } from "@breezeway/shared/schemas";
import type { SessionVerifier } from "@breezeway/verify";
import type { Policy } from "../config/options.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import type { RefusalLimit } from "../limits/refusal-limit.ts";
import type { ExchangeObserver } from "../observe/observer.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { OpenExchanges } from "./open-exchanges.ts";
import type { Upstreams } from "./upstreams.ts";

/** What all exchanges of one gateway share. */
export interface ExchangeServices {
  readonly verifier: Pick<SessionVerifier, "verify" | "verifySync">;
  readonly upstreams: Upstreams;
  readonly open: OpenExchanges;
  readonly rateLimits: RateLimits;
  /** `undefined` for no limit. */
  readonly refusalLimit: Pick<RefusalLimit, "check"> | undefined;
  readonly observer: Required<ExchangeObserver>;
  readonly tracing: Tracing | undefined;
  /** Asked again after a wait, in which a revocation may have come. */
  readonly isRevoked: (claims: SessionClaims) => boolean;
  /** The policy that new requests get; a reload changes it. */
  policy(): Policy;
  readonly randomId: () => string;
}
