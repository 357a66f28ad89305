/**
 * The rules for a presented secret. Pure; the store makes a rotation atomic.
 *
 * [ROT-1] The current secret rotates and becomes the previous one.
 * [ROT-2] Within grace the previous secret rotates, too: a response was lost, or a second tab asked at
 *         the same moment. The remembered previous secret and its time stay, so the window does not
 *         move, however often that happens.
 * [ROT-3] Any other secret of the session is an old one. Either the caller or the user of the current
 *         secret is a thief, and the issuer cannot tell which, so the session ends.
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
  // The absolute value, since the clocks of two issuers differ a little, and since a clock that was
  // set back must not reopen the window.
  return Math.abs(nowMs - previousSinceMs) <= graceMs ? "previous" : "reused";
}

/** The secrets of a record after a rotation by its current or its previous secret. */
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
