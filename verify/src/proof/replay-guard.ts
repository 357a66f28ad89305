/**
 * Remembers which proofs were used, so that each is good for one request (RFC 9449, section 11.1).
 *
 * Bounded in size and time: two generations, of which the older is dropped as a whole. When it is
 * full nothing is forgotten early: further proofs are refused instead. One user may hold a tenth, whatever
 * the number of keys: each page makes as many of those as it likes.
 */
import { BridgeError } from "@breezeway/shared";

export interface ReplayGuard {
  /**
   * Takes note of a proof. Only of one whose token was verified: others must not fill the memory.
   *
   * @param userId - Of the token. The same for each use of a proof, which is good for one token only.
   * @param proofId - The proof's id, with its key.
   * @throws {BridgeError} PROOF_INVALID for one that was used before; OVERLOADED when there is no room
   */
  use(userId: string, proofId: string): void;
}

export interface ReplayGuardOptions {
  readonly maxEntries: number;
  /** How long a proof is remembered at least: as long as it could be accepted. */
  readonly windowMs: number;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

type Generation = Map<string, Set<string>>;

const SHARE_OF_ONE_USER = 10;

export function createReplayGuard({
  maxEntries,
  windowMs,
  clock,
}: ReplayGuardOptions): ReplayGuard {
  const maxOfUser = Math.ceil(maxEntries / SHARE_OF_ONE_USER);
  let recent: Generation = new Map();
  let older: Generation = new Map();
  let recentSize = 0;
  let olderSize = 0;
  let startedAtMs = clock();

  const turn = (nowMs: number): void => {
    const ageMs = nowMs - startedAtMs;
    if (ageMs < windowMs) return;
    const isStillNeeded = ageMs < windowMs * 2;
    older = isStillNeeded ? recent : new Map();
    olderSize = isStillNeeded ? recentSize : 0;
    recent = new Map();
    recentSize = 0;
    startedAtMs = nowMs;
  };

  return {
    use(userId, proofId) {
      turn(clock());
      const own = recent.get(userId);
      const before = older.get(userId);
      if (own?.has(proofId) === true || before?.has(proofId) === true) {
        throw new BridgeError("PROOF_INVALID", "The proof was used before.");
      }
      const ofUser = (own?.size ?? 0) + (before?.size ?? 0);
      if (recentSize + olderSize >= maxEntries || ofUser >= maxOfUser) {
        throw new BridgeError("OVERLOADED", "More proofs than can be remembered.");
      }
      if (own === undefined) recent.set(userId, new Set([proofId]));
      else own.add(proofId);
      recentSize += 1;
    },
  };
}
