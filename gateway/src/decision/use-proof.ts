import { BridgeError, PROOF_LIMITS, TOKEN_LIMITS } from "@breezeway/shared";
import type { ProofVerifier, VerifiedProof, VerifiedSession } from "@breezeway/verify";
import type { RateLimits } from "../limits/rate-limits.ts";

// Twice the time for which a proof is accepted, for gateways whose clocks differ.
const WINDOW_SECONDS = 2 * (PROOF_LIMITS.maxAgeSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds);

export interface UseProofDeps {
  readonly proofs: ProofVerifier | undefined;
  readonly rateLimits: Pick<RateLimits, "isStoreUp" | "useOnce">;
}

/**
 * Marks a proof as used: in this process at once, and in the store that several gateways share, if any.
 *
 * @returns `undefined` without a shared store; otherwise a promise that rejects with PROOF_INVALID when
 *   another gateway has seen the proof, or with STORE_UNAVAILABLE
 * @throws {BridgeError} PROOF_INVALID, OVERLOADED
 */
export function useProof(
  { proofs, rateLimits }: UseProofDeps,
  proof: VerifiedProof,
  session: VerifiedSession,
): Promise<void> | undefined {
  proofs?.accept(proof, session);
  if (rateLimits.isStoreUp === undefined) return undefined;
  return rateLimits
    .useOnce(`${proof.keyThumbprint} ${proof.id}`, WINDOW_SECONDS)
    .then((isFirst) => {
      if (!isFirst)
        throw new BridgeError(
          "PROOF_INVALID",
          "The DPoP proof was used before. Sign a new proof for each request.",
        );
    });
}
