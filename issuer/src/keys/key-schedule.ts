/**
 * When a key is published, signs, and is forgotten. Pure.
 *
 * The life of a key:
 * [KEY-1] announced: the key is published but does not sign for two JWKS max-ages, so that every
 *         verifier has fetched it before the first token names it;
 * [KEY-2] active: the newest key of its algorithm signs that has signed before, or whose activation time
 *         has passed. That time only delays a new key: once a key signs, a clock that is set back does not
 *         bring an earlier one back;
 * [KEY-3] retired: the key no longer signs, and stays published until its last token has expired;
 * [KEY-4] forgotten: the key is not in the JWKS. A removed key gets here at once.
 *
 * Keys follow each other by their ordinal. Times that a wrong clock wrote are corrected by
 * {@link corrections} (docs/adr/0149).
 */
import { TOKEN_LIMITS } from "@breezeway/shared";
import type { SigningAlgorithm } from "./key-vault.ts";

export interface KeyTimes {
  /** A new key is published this long before its first use. */
  readonly publishAheadMs: number;
  /** A key is replaced after this long. */
  readonly periodMs: number;
}

/** How long a verifier may use its copy of the key set, in seconds. */
export const JWKS_MAX_AGE_SECONDS = 300;

export function keyTimes(periodDays = 30): KeyTimes {
  return {
    publishAheadMs: 2 * JWKS_MAX_AGE_SECONDS * 1_000,
    periodMs: periodDays * 24 * 3_600_000,
  };
}

export interface ScheduledKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly ordinal: number;
  readonly createdAtMs: number;
  readonly activatesAtMs: number;
  /** When it was first seen to sign; `undefined` before. */
  readonly activatedAtMs: number | undefined;
  readonly retiresAtMs: number | undefined;
  readonly removedAtMs: number | undefined;
}

export type KeyState = "announced" | "active" | "retired" | "removed" | "forgotten";

// The longest token, twice the skew that verifiers tolerate, and a minute of reserve.
const OVERLAP_MS =
  (TOKEN_LIMITS.maxTtlSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds) * 1_000 + 60_000;

function notRemoved<K extends ScheduledKey>(keys: readonly K[], alg: SigningAlgorithm): K[] {
  return keys
    .filter((key) => key.alg === alg && key.removedAtMs === undefined)
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** The key that signs now. */
export function activeKey<K extends ScheduledKey>(
  keys: readonly K[],
  alg: SigningAlgorithm,
  nowMs: number,
): K | undefined {
  const usable = notRemoved(keys, alg);
  // When the clock was set back before the activation of every key, the first key signs.
  return (
    usable.findLast((key) => key.activatedAtMs !== undefined || key.activatesAtMs <= nowMs) ??
    usable[0]
  );
}

/** The key that signed before this one, unless it was removed. */
export function predecessorOf<K extends ScheduledKey>(keys: readonly K[], key: K): K | undefined {
  return notRemoved(keys, key.alg).findLast(({ ordinal }) => ordinal < key.ordinal);
}

/** The key that is published and does not sign yet, if there is one. */
export function announcedKey<K extends ScheduledKey>(
  keys: readonly K[],
  alg: SigningAlgorithm,
  nowMs: number,
): K | undefined {
  const { ordinal = Infinity } = activeKey(keys, alg, nowMs) ?? {};
  return notRemoved(keys, alg).find((key) => key.ordinal > ordinal);
}

export function isPublished(
  key: ScheduledKey,
  keys: readonly ScheduledKey[],
  nowMs: number,
): boolean {
  if (key.removedAtMs !== undefined) return false;
  if (key.ordinal >= (activeKey(keys, key.alg, nowMs)?.ordinal ?? 0)) return true;
  return key.retiresAtMs === undefined || nowMs < key.retiresAtMs + OVERLAP_MS;
}

export function stateOf(key: ScheduledKey, keys: readonly ScheduledKey[], nowMs: number): KeyState {
  if (key.removedAtMs !== undefined) return "removed";
  const active = activeKey(keys, key.alg, nowMs);
  if (active?.kid === key.kid) return "active";
  if (active && key.ordinal > active.ordinal) return "announced";
  return isPublished(key, keys, nowMs) ? "retired" : "forgotten";
}

/** Whether it is time to announce the successor of the newest key. */
export function needsSuccessor(
  keys: readonly ScheduledKey[],
  alg: SigningAlgorithm,
  nowMs: number,
  times: KeyTimes,
): boolean {
  const active = activeKey(keys, alg, nowMs);
  if (!active || announcedKey(keys, alg, nowMs)) return false;
  const sinceMs = active.activatedAtMs ?? active.activatesAtMs;
  return nowMs >= sinceMs + times.periodMs - times.publishAheadMs;
}

export interface KeyTimesChange {
  readonly activatesAtMs?: number;
  readonly activatedAtMs?: number;
  /** `null` cancels the planned end. */
  readonly retiresAtMs?: number | null;
  /** Also deletes the private part. */
  readonly removedAtMs?: number;
}

/**
 * Corrects times that a clock wrote which was ahead: an active key began at most now, an earlier key ended
 * at most now, and an announced key waits for no longer than a new one. Only for a clock that has been right
 * for a while: right times look like these to a clock that is behind.
 */
export function corrections(
  keys: readonly ScheduledKey[],
  nowMs: number,
  { publishAheadMs }: Pick<KeyTimes, "publishAheadMs">,
): ReadonlyMap<string, KeyTimesChange> {
  const changes = new Map<string, KeyTimesChange>();
  const change = (kid: string, times: KeyTimesChange): void =>
    void changes.set(kid, { ...changes.get(kid), ...times });
  const latestMs = nowMs + publishAheadMs;
  for (const { kid, alg, ordinal, removedAtMs, ...times } of keys) {
    const active = activeKey(keys, alg, nowMs);
    if (!active || removedAtMs !== undefined) continue;
    const { activatesAtMs, activatedAtMs = 0, retiresAtMs = Infinity } = times;
    if (ordinal < active.ordinal && retiresAtMs > nowMs) change(kid, { retiresAtMs: nowMs });
    if (ordinal === active.ordinal && activatedAtMs > nowMs) change(kid, { activatedAtMs: nowMs });
    if (ordinal > active.ordinal && activatesAtMs > latestMs) {
      change(kid, { activatesAtMs: latestMs });
      change(active.kid, { retiresAtMs: latestMs });
    }
  }
  return changes;
}

/** Keys that ended before a time. The key that signs is never one of them. */
export function endedBefore<K extends ScheduledKey>(
  keys: readonly K[],
  beforeMs: number,
  nowMs: number,
): K[] {
  return keys.filter((key) => {
    if (key.removedAtMs !== undefined) return key.removedAtMs < beforeMs;
    const { ordinal = 0 } = activeKey(keys, key.alg, nowMs) ?? {};
    return key.ordinal < ordinal && (key.retiresAtMs ?? Infinity) < beforeMs;
  });
}
