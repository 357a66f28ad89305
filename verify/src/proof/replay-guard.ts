/**
 * Remembers which proofs were used, so that each is valid for one request (RFC 9449, section 11.1).
 *
 * The memory is bounded in size and time. It has two generations, and the older one is dropped as a
 * whole. When the memory is full nothing is forgotten early: further proofs are rejected. One user may
 * hold a tenth of it, whatever the number of keys, because a page can create any number of keys.
 *
 * A generation ends once the window has passed on both clocks. The monotonic one alone would forget a proof
 * that is recent again when the wall clock steps back; the wall clock alone would forget everything when it
 * jumps ahead, and nothing for as long when it comes back.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import { REPLAY_LIMITS } from "../limits.ts";

export interface ReplayGuard {
  /**
   * Records the use of a proof. Call it only after the token was verified, so that other requests
   * cannot fill the memory.
   *
   * @param userId The user of the token. A proof is valid for one token, so each use has the same user.
   * @param proofId The proof's id together with its key.
   * @throws {BridgeError} PROOF_INVALID, when the proof was used before
   * @throws {BridgeError} OVERLOADED, when the memory is full
   */
  use(userId: string, proofId: string): void;
}

export interface ReplayGuardOptions {
  readonly maxEntries: number;
  /** Shortest time that a proof is remembered: as long as it could be accepted. */
  readonly windowMs: number;
  readonly clock: Clock;
}

interface Generation {
  readonly byUser: Map<string, Set<string>>;
  size: number;
}

const emptyGeneration = (): Generation => ({ byUser: new Map(), size: 0 });

export function createReplayGuard(options: ReplayGuardOptions): ReplayGuard {
  const { maxEntries, windowMs, clock } = options;
  const maxOfUser = Math.ceil(maxEntries / REPLAY_LIMITS.minUsersToFill);
  let recent = emptyGeneration();
  let older = emptyGeneration();
  let startedAt = { wallMs: clock.now(), monotonicMs: clock.monotonic() };

  const discardOld = (): void => {
    const now = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
    // After a step back, the window begins again by the wall clock.
    if (now.wallMs < startedAt.wallMs) startedAt = { ...startedAt, wallMs: now.wallMs };
    const ageMs = Math.min(now.wallMs - startedAt.wallMs, now.monotonicMs - startedAt.monotonicMs);
    if (ageMs < windowMs) return;
    const isStillNeeded = ageMs < windowMs * 2;
    older = isStillNeeded ? recent : emptyGeneration();
    recent = emptyGeneration();
    startedAt = now;
  };

  return {
    use: (userId, proofId) => {
      discardOld();
      const own = recent.byUser.get(userId);
      const before = older.byUser.get(userId);
      if (own?.has(proofId) === true || before?.has(proofId) === true) {
        throw new BridgeError("PROOF_INVALID", "The proof of possession was used before.");
      }
      const ofUser = (own?.size ?? 0) + (before?.size ?? 0);
      if (recent.size + older.size >= maxEntries || ofUser >= maxOfUser) {
        throw new BridgeError("OVERLOADED", "The memory for used proofs is full.");
      }
      if (own === undefined) recent.byUser.set(userId, new Set([proofId]));
      else own.add(proofId);
      recent.size += 1;
    },
  };
}
