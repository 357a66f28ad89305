import { BridgeError } from "@breezeway/shared";
import type { SessionRecord } from "./session-record.ts";

export interface SessionLifetimes {
  /** A session without activity ends after this many milliseconds. */
  readonly idleMs: number;
  /** Every session ends after this many milliseconds. */
  readonly absoluteMs: number;
  /** The previous secret still works for this many milliseconds after a rotation. */
  readonly graceMs: number;
}

/** When the session ends without further activity, epoch milliseconds. */
export function endOf(record: SessionRecord, lifetimes: SessionLifetimes): number {
  return Math.min(record.expiresAtMs, record.lastActiveAtMs + lifetimes.idleMs);
}

/** The reason why the session has ended, or `undefined` while it is live. */
export function endedBecause(
  record: SessionRecord,
  lifetimes: SessionLifetimes,
  nowMs: number,
): BridgeError | undefined {
  if (record.revokedAtMs !== undefined) {
    return new BridgeError("SESSION_REVOKED", "The session was revoked. Sign in again.");
  }
  if (nowMs >= endOf(record, lifetimes)) {
    return new BridgeError("SESSION_EXPIRED", "The session has expired. Sign in again.");
  }
  return undefined;
}
