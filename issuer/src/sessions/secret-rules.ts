/**
 * What to do with a presented secret. Pure; the store makes it atomic.
 *
 * Rules:
 * [ROT-1] The current secret rotates and is remembered as the previous one.
 * [ROT-2] The previous secret, within grace, rotates again, and the remembered previous one and its
 *         time stay as they are: a response was lost, or a second tab asked at the same moment. The
 *         window does not move, however often that happens.
 * [ROT-3] Any other secret of the session was rotated away: somebody has an old copy, or the caller
 *         does and somebody else went on. Nobody can tell which, so the session ends.
 */
import { isSameHash } from "./session-secret.ts";
import type { SessionRecord } from "./session-record.ts";

export type SecretStanding = "current" | "previous" | "reused";

export function standingOf(
  record: Pick<SessionRecord, "secretHash" | "previousSecretHash" | "previousSinceMs">,
  secretHash: string,
  nowMs: number,
  graceMs: number,
): SecretStanding {
  if (isSameHash(secretHash, record.secretHash)) return "current";
  const { previousSecretHash, previousSinceMs } = record;
  if (previousSecretHash === undefined || previousSinceMs === undefined) return "reused";
  if (!isSameHash(secretHash, previousSecretHash)) return "reused";
  // The absolute value, because the clocks of two issuers differ a little, and because a clock that
  // was set back must not reopen a window for as long as it was set back.
  return Math.abs(nowMs - previousSinceMs) <= graceMs ? "previous" : "reused";
}

/** The secrets that a record has after a rotation by the current or the previous one. */
export function rotated(
  record: Pick<SessionRecord, "secretHash" | "previousSecretHash" | "previousSinceMs">,
  standing: "current" | "previous",
  nextSecretHash: string,
  nowMs: number,
): Pick<SessionRecord, "secretHash" | "previousSecretHash" | "previousSinceMs"> {
  return standing === "current"
    ? {
        secretHash: nextSecretHash,
        previousSecretHash: record.secretHash,
        previousSinceMs: nowMs,
      }
    : {
        secretHash: nextSecretHash,
        previousSecretHash: record.previousSecretHash,
        previousSinceMs: record.previousSinceMs,
      };
}
