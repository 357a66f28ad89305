/**
 * The rules for a presented secret. Pure; the store makes a rotation atomic.
 *
 * [ROT-1] A good secret rotates and becomes the previous one. The current secret is good.
 * [ROT-2] Within grace the previous secret rotates, too: a response was lost, or a second tab asked at
 *         the same moment. The remembered previous secret and its time stay, so the window does not
 *         move, however often that happens. The secret that was current until then becomes a sibling.
 * [ROT-3] A sibling is good, too: the answers of two tabs may arrive in either order, and the browser
 *         keeps the one that arrives last. After the grace in which the sibling was issued, all answers
 *         have arrived, and the browser presents one of these secrets only. The first one that is
 *         presented then stays good, and the others are old.
 * [ROT-4] Any other secret of the session is an old one. Either the caller or the user of the current
 *         secret is a thief, and the issuer cannot tell which, so the session ends.
 */
import { isSameHash } from "./session-secret.ts";
import type { SessionRecord, SiblingSecret } from "./session-record.ts";

/** The secrets of a session. */
export type Secrets = Pick<
  SessionRecord,
  "secretHash" | "previousSecretHash" | "previousSinceMs" | "siblings"
>;

export type SecretStanding = "good" | "previous" | "reused";

/** The tabs of one browser that can refresh at once. Older siblings are old secrets. */
const MAX_SIBLINGS = 8;

export interface At {
  readonly nowMs: number;
  readonly graceMs: number;
}

export interface Rotation extends At {
  readonly secretHash: string;
  readonly nextSecretHash: string;
}

// The absolute value, since the clocks of two issuers differ a little, and since a clock that was set
// back must not reopen the window.
const isWithin = (sinceMs: number, { nowMs, graceMs }: At): boolean =>
  Math.abs(nowMs - sinceMs) <= graceMs;

export function standingOf(secrets: Secrets, secretHash: string, at: At): SecretStanding {
  if (goodSecrets(secrets).some(({ hash }) => isSameHash(secretHash, hash))) return "good";
  const { previousSecretHash, previousSinceMs } = secrets;
  if (previousSecretHash === undefined || previousSinceMs === undefined) return "reused";
  if (!isSameHash(secretHash, previousSecretHash)) return "reused";
  return isWithin(previousSinceMs, at) ? "previous" : "reused";
}

/** The secrets after one of them was presented. The same object when nothing changes. */
export function presented(secrets: Secrets, secretHash: string, at: At): Secrets {
  const { previousSecretHash, previousSinceMs } = secrets;
  if (secrets.siblings.length === 0 || standingOf(secrets, secretHash, at) !== "good") {
    return secrets;
  }
  const good = goodSecrets(secrets);
  const kept = good.filter(({ hash, sinceMs }) => hash === secretHash || isWithin(sinceMs, at));
  if (kept.length === good.length) return secrets;
  const [current, ...siblings] = kept;
  return {
    secretHash: current?.hash ?? secretHash,
    previousSecretHash,
    previousSinceMs,
    siblings,
  };
}

/** The secrets after a rotation by a good secret or by the previous one. */
export function rotated(
  secrets: Secrets,
  { secretHash, nextSecretHash, ...at }: Rotation,
): Secrets {
  const { previousSecretHash, previousSinceMs } = secrets;
  const others = goodSecrets(presented(secrets, secretHash, at)).filter(
    ({ hash }) => hash !== secretHash,
  );
  const siblings = others.filter(({ sinceMs }) => isWithin(sinceMs, at)).slice(0, MAX_SIBLINGS);
  return standingOf(secrets, secretHash, at) === "previous"
    ? { secretHash: nextSecretHash, previousSecretHash, previousSinceMs, siblings }
    : {
        secretHash: nextSecretHash,
        previousSecretHash: secretHash,
        previousSinceMs: at.nowMs,
        siblings,
      };
}

/** The secrets of a session whose only secret is this one. */
export function onlySecret(secretHash: string): Secrets {
  return {
    secretHash,
    previousSecretHash: undefined,
    previousSinceMs: undefined,
    siblings: [],
  };
}

/** The current secret and its siblings, the latest one first. */
function goodSecrets({ secretHash, previousSinceMs, siblings }: Secrets): SiblingSecret[] {
  return [{ hash: secretHash, sinceMs: previousSinceMs ?? 0 }, ...siblings];
}
