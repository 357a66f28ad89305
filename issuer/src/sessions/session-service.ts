/** Creates, reads, rotates, updates and ends sessions. Owns neither HTTP nor SQL. */
import { randomBytes } from "node:crypto";
import { BridgeError } from "@breezeway/shared";
import { endedBecause } from "./lifetime.ts";
import {
  auditFieldsOf,
  type CallContext,
  type OpenedSession,
  type SessionServiceDeps,
} from "./session-service-deps.ts";
import { createSessionEnding, type SessionEnding } from "./session-ending.ts";
import {
  checkClaims,
  checkData,
  checkNewSession,
  mergePatch,
  type NewSession,
} from "./session-input.ts";
import { deviceOf } from "./session-device.ts";
import { createSessionReading, type SessionReading } from "./session-reading.ts";
import type { Claims, SessionRecord } from "./session-record.ts";
import { onlySecret } from "./secret-rules.ts";
import { createSecretRotation, type SecretRotation } from "./secret-rotation.ts";
import { createSecret } from "./session-secret.ts";
import type { SessionStore } from "./session-store.ts";

export interface SessionService
  extends SessionReading, SecretRotation, Omit<SessionEnding, "endForReuse"> {
  readonly create: (input: NewSession, context?: CallContext) => Promise<OpenedSession>;
  readonly updateClaims: (handle: string, patch: Claims) => Promise<SessionRecord>;
  readonly updateData: (handle: string, patch: Claims) => Promise<SessionRecord>;
  /** Records activity, at most once per hour, so that reading a session postpones its idle timeout. */
  readonly touch: (record: SessionRecord) => Promise<void>;
}

const TOUCH_AFTER_MS = 3_600_000;

export function createSessionService(deps: SessionServiceDeps): SessionService {
  const { store, cache, lifetimes, clock, audit, changed } = deps;
  const ending = createSessionEnding(deps);

  async function update(
    handle: string,
    kind: "claims-changed" | "data-changed",
    change: Parameters<SessionStore["update"]>[1],
  ): Promise<SessionRecord> {
    const record = await store.update(handle, change, [{ kind, subject: handle }], clock.now());
    if (!record || endedBecause(record, lifetimes, clock.now())) {
      throw new BridgeError("SESSION_UNKNOWN", "There is no live session with this handle.");
    }
    cache.drop(handle);
    audit({
      event: kind === "claims-changed" ? "session.claims-updated" : "session.data-updated",
      ...auditFieldsOf(record),
    });
    await changed();
    return record;
  }

  return {
    ...ending,
    ...createSessionReading(deps, ending),
    ...createSecretRotation(deps, ending),
    create: async (input, context = {}) => {
      const { client = context.client, ...checked } = checkNewSession(input);
      const nowMs = clock.now();
      const issued = createSecret();
      const record: SessionRecord = {
        ...checked,
        handle: randomBytes(16).toString("base64url"),
        selectorHash: issued.selectorHash,
        ...onlySecret(issued.secretHash),
        createdAtMs: nowMs,
        lastActiveAtMs: nowMs,
        expiresAtMs: nowMs + lifetimes.absoluteMs,
        revokedAtMs: undefined,
        revokedReason: undefined,
        ...deviceOf(client, deps.device),
      };
      const mark = cache.mark();
      await store.insert(record);
      cache.keep(record, mark);
      audit({ event: "session.created", ...auditFieldsOf(record, context) });
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

    touch: async (record) => {
      const nowMs = clock.now();
      const afterMs = Math.min(TOUCH_AFTER_MS, lifetimes.idleMs / 10);
      if (nowMs - record.lastActiveAtMs < afterMs) return;
      const touched = await store.replace(record, { last_active_at_ms: nowMs }, [], nowMs);
      if (touched) cache.drop(record.handle);
    },
  };
}
