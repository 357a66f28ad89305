import { BridgeError } from "@breezeway/shared";
import type { SessionRecord } from "./session-record.ts";

export interface SessionLifetimes {
  /** A session without activity for this long has ended, in milliseconds. */
  readonly idleMs: number;
  /** A session ends this long after it began, whatever happens, in milliseconds. */
  readonly absoluteMs: number;
  /** How long the previous secret still works after a rotation, in milliseconds. */
  readonly graceMs: number;
}

/** When the session ends if nothing more happens. */
export function endOf(record: SessionRecord, lifetimes: SessionLifetimes): number {
  return Math.min(record.expiresAtMs, record.lastActiveAtMs + lifetimes.idleMs);
}

/** Why the session cannot be used, or `undefined` when it can. */
export function endedBecause(
  record: SessionRecord,
  lifetimes: SessionLifetimes,
  nowMs: number,
): BridgeError | undefined {
  if (record.revokedAtMs !== undefined) {
    return new BridgeError("SESSION_REVOKED", "The session was revoked.");
  }
  if (nowMs >= endOf(record, lifetimes)) {
    return new BridgeError("SESSION_EXPIRED", "The session has ended.");
  }
  return undefined;
}
