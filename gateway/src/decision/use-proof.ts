import { BridgeError, PROOF_LIMITS, TOKEN_LIMITS } from "@breezeway/shared";
import type { VerifiedProof, VerifiedSession } from "@breezeway/verify";
import type { ExchangeServices } from "../exchange/services.ts";

// Twice as long as a proof is taken, for gateways whose clocks differ.
const WINDOW_SECONDS = 2 * (PROOF_LIMITS.maxAgeSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds);

/**
 * Uses a proof up: in this process at once, and for all gateways that share a store, if there is one.
 *
 * @returns `undefined` when there is nothing to wait for; a promise that rejects with PROOF_INVALID for a
 *   use at another gateway, or STORE_UNAVAILABLE
 * @throws {BridgeError} PROOF_INVALID, OVERLOADED
 */
export function useProof(
  { proofs, rateLimits }: Pick<ExchangeServices, "proofs" | "rateLimits">,
  proof: VerifiedProof,
  session: VerifiedSession,
): Promise<void> | undefined {
  proofs?.accept(proof, session);
  if (rateLimits.isStoreUp === undefined) return undefined;
  return rateLimits
    .useOnce(`${proof.keyThumbprint} ${proof.id}`, WINDOW_SECONDS)
    .then((isFirst) => {
      if (!isFirst) throw new BridgeError("PROOF_INVALID", "The proof was used before.");
    });
}
