import type { SessionVerifier } from "@breezeway/verify";
import type { Policy } from "../config/options.ts";
import type { Upstreams } from "./upstreams.ts";

/** What all exchanges of one gateway share. */
export interface ExchangeServices {
  readonly verifier: Pick<SessionVerifier, "verify" | "verifySync">;
  readonly upstreams: Upstreams;
  /** The policy that new requests get; a reload changes it. */
  policy(): Policy;
  readonly randomId: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
