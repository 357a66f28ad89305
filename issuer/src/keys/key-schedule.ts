/**
 * When a key is published, signs, and is forgotten. Pure.
 *
 * The life of a key:
 * [KEY-1] announced: the key is published but does not sign for two JWKS max-ages, so that every
 *         verifier has fetched it before the first token names it;
 * [KEY-2] active: the newest key of its algorithm whose activation time has passed signs;
 * [KEY-3] retired: the key no longer signs, and stays published until its last token has expired;
 * [KEY-4] forgotten: the key is not in the JWKS. A removed key gets here at once.
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
  readonly retiresAtMs: number | undefined;
  readonly removedAtMs: number | undefined;
}

export type KeyState = "announced" | "active" | "retired" | "removed" | "forgotten";

// The longest token, twice the skew that verifiers tolerate, and a minute of reserve.
const OVERLAP_MS =
  (TOKEN_LIMITS.maxTtlSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds) * 1_000 + 60_000;

export function isPublished(key: ScheduledKey, nowMs: number): boolean {
  if (key.removedAtMs !== undefined) return false;
  return key.retiresAtMs === undefined || nowMs < key.retiresAtMs + OVERLAP_MS;
}

function maySign(key: ScheduledKey, nowMs: number): boolean {
  return (
    key.removedAtMs === undefined && (key.retiresAtMs === undefined || nowMs < key.retiresAtMs)
  );
}

/** The key that signs now. */
export function activeKey<K extends ScheduledKey>(
  keys: readonly K[],
  alg: SigningAlgorithm,
  nowMs: number,
): K | undefined {
  const usable = keys
    .filter((key) => key.alg === alg && maySign(key, nowMs))
    .sort((a, b) => a.ordinal - b.ordinal);
  // When the clock was set back before the activation of every key, the first key signs.
  return usable.findLast((key) => key.activatesAtMs <= nowMs) ?? usable[0];
}

/** The key that is published and does not sign yet, if there is one. */
export function announcedKey<K extends ScheduledKey>(
  keys: readonly K[],
  alg: SigningAlgorithm,
  nowMs: number,
): K | undefined {
  return keys.find((key) => key.alg === alg && maySign(key, nowMs) && key.activatesAtMs > nowMs);
}

export function stateOf(key: ScheduledKey, keys: readonly ScheduledKey[], nowMs: number): KeyState {
  if (key.removedAtMs !== undefined) return "removed";
  if (!isPublished(key, nowMs)) return "forgotten";
  if (activeKey(keys, key.alg, nowMs)?.kid === key.kid) return "active";
  return key.activatesAtMs > nowMs ? "announced" : "retired";
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
  return nowMs >= active.activatesAtMs + times.periodMs - times.publishAheadMs;
}
