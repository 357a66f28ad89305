/** Finds live sessions by cookie and by handle, from memory while memory is fresh. */
import { BridgeError } from "@breezeway/shared";
import { endedBecause, endOf } from "./lifetime.ts";
import { standingOf } from "./secret-rules.ts";
import type { CallContext, SessionServiceDeps } from "./session-service-deps.ts";
import { presentedSecret, sessionMissing } from "./session-secret.ts";
import type { CacheMark } from "./session-cache.ts";
import type { SessionEnding } from "./session-ending.ts";
import type { SessionRecord } from "./session-record.ts";

export interface SessionReading {
  /**
   * The live session that a cookie opens, from memory if possible.
   *
   * @throws {BridgeError} SESSION_MISSING, SESSION_EXPIRED, SESSION_REVOKED, REFRESH_REUSED
   */
  authenticate(cookieValue: string | undefined, context?: CallContext): Promise<SessionRecord>;
  /**
   * The live session of a handle, from memory if possible.
   *
   * @throws {BridgeError} SESSION_UNKNOWN, SESSION_EXPIRED, SESSION_REVOKED
   */
  find(handle: string): Promise<SessionRecord>;
  /** A session, ended or not. */
  peek(handle: string): Promise<SessionRecord | undefined>;
  /** A live session. */
  get(handle: string): Promise<SessionRecord | undefined>;
  listForUser(userId: string, tenantId?: string): Promise<SessionRecord[]>;
}

interface FoundSession {
  readonly record: SessionRecord | undefined;
  readonly mark: CacheMark;
}

export function createSessionReading(
  { store, cache, lifetimes, clock, ensureFresh }: SessionServiceDeps,
  ending: SessionEnding,
): SessionReading {
  /** Reads again when the session was ended, together with others, during the read. */
  async function read(find: () => Promise<SessionRecord | undefined>): Promise<FoundSession> {
    for (;;) {
      const mark = cache.mark();
      const record = await find();
      if (!record || cache.isCurrent(mark, record)) return { record, mark };
    }
  }

  return {
    authenticate: async (cookieValue, context = {}) => {
      const secret = presentedSecret(cookieValue);
      const nowMs = clock.now();
      // No await when the log is fresh, which would cost every request a turn of the event loop.
      const freshening = ensureFresh();
      if (freshening) await freshening;
      const cached = cache.get(secret.selectorHash);
      if (
        cached &&
        standingOf(cached, secret.secretHash, nowMs, lifetimes.graceMs) !== "reused" &&
        !endedBecause(cached, lifetimes, nowMs)
      ) {
        return cached;
      }
      // Memory can be behind the store when another process rotated, so only the store may refuse.
      const { record, mark } = await read(() => store.findBySelector(secret.selectorHash));
      if (!record) throw sessionMissing();
      const ended = endedBecause(record, lifetimes, nowMs);
      if (ended) throw ended;
      const standing = standingOf(record, secret.secretHash, nowMs, lifetimes.graceMs);
      if (standing !== "reused") {
        cache.keep(record, mark);
        return record;
      }
      const { previousSinceMs } = record;
      if (previousSinceMs !== undefined && Math.abs(nowMs - previousSinceMs) <= lifetimes.graceMs) {
        // Two tabs that refresh at once displace each other's cookie for a moment. Reading with a
        // displaced secret is refused without suspicion of theft; refreshing with it is theft.
        throw sessionMissing();
      }
      throw await ending.endForReuse(record, context);
    },

    find: async (handle) => {
      const freshening = ensureFresh();
      if (freshening) await freshening;
      let record = cache.getByHandle(handle);
      if (!record) {
        const found = await read(() => store.findByHandle(handle));
        if (!found.record)
          throw new BridgeError("SESSION_UNKNOWN", "There is no session of this handle.");
        record = found.record;
        cache.keep(record, found.mark);
      }
      const ended = endedBecause(record, lifetimes, clock.now());
      if (ended) throw ended;
      return record;
    },

    peek: (handle) => store.findByHandle(handle),

    get: async (handle) => {
      const record = await store.findByHandle(handle);
      return record && !endedBecause(record, lifetimes, clock.now()) ? record : undefined;
    },

    listForUser: async (userId, tenantId) => {
      const nowMs = clock.now();
      const records = await store.listForUser(userId, tenantId);
      return records.filter((record) => nowMs < endOf(record, lifetimes));
    },
  };
}
