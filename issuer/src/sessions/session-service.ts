/**
 * The life of sessions: the programmatic API, and the same operations for a caller that presents a
 * cookie. Owns no HTTP and no SQL.
 */
import { randomBytes } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import { endedBecause } from "./lifetime.ts";
import {
  auditOf,
  type CallContext,
  type OpenedSession,
  type SessionDeps,
} from "./session-service-deps.ts";
import { createSessionEnding, type SessionEnding } from "./session-ending.ts";
import {
  checkClaims,
  checkData,
  checkNewSession,
  mergePatch,
  type NewSession,
} from "./session-input.ts";
import { createSessionReading, type SessionReading } from "./session-reading.ts";
import type { Claims, SessionRecord } from "./session-record.ts";
import { createSecretRotation, type SecretRotation } from "./secret-rotation.ts";
import { createSecret } from "./session-secret.ts";
import type { SessionStore } from "./session-store.ts";

export interface SessionService
  extends SessionReading, SecretRotation, Omit<SessionEnding, "endForReuse"> {
  create(input: NewSession, context?: CallContext): Promise<OpenedSession>;
  updateClaims(handle: string, patch: Claims): Promise<SessionRecord>;
  updateData(handle: string, patch: Claims): Promise<SessionRecord>;
  /** Marks activity, at most once per hour, so that reading a session keeps it from idling out. */
  touch(record: SessionRecord): Promise<void>;
}

const TOUCH_AFTER_MS = 3_600_000;

export function createSessionService(deps: SessionDeps): SessionService {
  const { store, cache, lifetimes, clock, audit, changed } = deps;
  const ending = createSessionEnding(deps);

  async function update(
    handle: string,
    kind: "claims-changed" | "data-changed",
    change: Parameters<SessionStore["update"]>[1],
  ): Promise<SessionRecord> {
    const record = await store.update(handle, change, [{ kind, subject: handle }], clock.now());
    if (!record || endedBecause(record, lifetimes, clock.now())) {
      throw new BridgeError("SESSION_UNKNOWN", "There is no live session of this handle.");
    }
    cache.drop(handle);
    audit({
      event: kind === "claims-changed" ? "session.claims-updated" : "session.data-updated",
      ...auditOf(record),
    });
    await changed();
    return record;
  }

  return {
    ...ending,
    ...createSessionReading(deps, ending),
    ...createSecretRotation(deps, ending),
    async create(input, context = {}) {
      const checked = checkNewSession(input);
      const nowMs = clock.now();
      const issued = createSecret();
      const record: SessionRecord = {
        ...checked,
        handle: randomBytes(16).toString("base64url"),
        selectorHash: issued.selectorHash,
        secretHash: issued.secretHash,
        previousSecretHash: undefined,
        previousSinceMs: undefined,
        createdAtMs: nowMs,
        lastActiveAtMs: nowMs,
        expiresAtMs: nowMs + lifetimes.absoluteMs,
        revokedAtMs: undefined,
        revokedReason: undefined,
      };
      const mark = cache.mark();
      await store.insert(record);
      cache.keep(record, mark);
      audit({
        event: "session.created",
        ...auditOf(record, context),
      });
      return { record, cookieValue: issued.cookieValue };
    },

    updateClaims: (handle, patch) =>
      update(handle, "claims-changed", ({ claims }) => ({
        claims: JSON.stringify(checkClaims(mergePatch(claims, patch))),
      })),

    updateData: (handle, patch) =>
      update(handle, "data-changed", ({ data }) => ({
        data: JSON.stringify(checkData(mergePatch(data, patch))),
      })),

    async touch(record) {
      const nowMs = clock.now();
      const afterMs = Math.min(TOUCH_AFTER_MS, lifetimes.idleMs / 10);
      if (nowMs - record.lastActiveAtMs < afterMs) return;
      const touched = await store.replace(record, { last_active_at_ms: nowMs }, [], nowMs);
      if (touched) cache.drop(record.handle);
    },
  };
}
