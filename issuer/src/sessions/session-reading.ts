/** Finds live sessions by cookie and by handle, from memory while memory is fresh. */
import { BridgeError } from "@breezeway/shared";
import { endedBecause } from "./lifetime.ts";
import { presented, standingOf, type At } from "./secret-rules.ts";
import type { CallContext, SessionServiceDeps } from "./session-service-deps.ts";
import { presentedSecret, sessionMissing, type PresentedSecret } from "./session-secret.ts";
import type { CacheMark } from "./session-cache.ts";
import type { SessionEnding } from "./session-ending.ts";
import { secretColumns, type SessionRecord } from "./session-record.ts";
import type { ListQuery } from "./session-store.ts";

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
  /** Live sessions, newest first. `undefined` when the user has no session `cursor`. */
  listForUser(query: Omit<ListQuery, "nowMs" | "idleMs">): Promise<SessionRecord[] | undefined>;
}

interface FoundSession {
  readonly record: SessionRecord | undefined;
  readonly mark: CacheMark;
}

/** Reads again when the session was ended, together with others, during the read. */
async function readCurrent(
  cache: SessionServiceDeps["cache"],
  find: () => Promise<SessionRecord | undefined>,
): Promise<FoundSession> {
  for (;;) {
    const mark = cache.mark();
    const record = await find();
    if (!record || cache.isCurrent(mark, record)) return { record, mark };
  }
}

function createAuthentication(
  { store, cache, lifetimes, clock, ensureFresh }: SessionServiceDeps,
  ending: SessionEnding,
): SessionReading["authenticate"] {
  /** The session of a secret. A sibling that is presented after its grace becomes the only good secret. */
  async function readPresented(
    { selectorHash, secretHash }: PresentedSecret,
    at: At,
  ): Promise<FoundSession> {
    for (;;) {
      const found = await readCurrent(cache, () => store.findBySelector(selectorHash));
      const { record } = found;
      if (!record || endedBecause(record, lifetimes, at.nowMs)) return found;
      const secrets = presented(record, secretHash, at);
      if (secrets === record) return found;
      const settled = await store.replace(record, secretColumns(secrets), [], at.nowMs);
      if (settled) return { ...found, record: { ...record, ...secrets } };
    }
  }

  return async (cookieValue, context = {}) => {
    const secret = presentedSecret(cookieValue);
    const { secretHash, selectorHash } = secret;
    const nowMs = clock.now();
    const at = { ...lifetimes, nowMs };
    // No await when the log is fresh, which would cost every request a turn of the event loop.
    const freshening = ensureFresh();
    if (freshening) await freshening;
    const cached = cache.get(selectorHash);
    if (
      cached &&
      standingOf(cached, secretHash, at) !== "reused" &&
      presented(cached, secretHash, at) === cached &&
      !endedBecause(cached, lifetimes, nowMs)
    ) {
      return cached;
    }
    // Memory can be behind the store when another process rotated, so only the store may refuse.
    const { record, mark } = await readPresented(secret, at);
    if (!record) throw sessionMissing();
    const ended = endedBecause(record, lifetimes, nowMs);
    if (ended) throw ended;
    if (standingOf(record, secretHash, at) !== "reused") {
      cache.keep(record, mark);
      return record;
    }
    const { previousSinceMs } = record;
    if (previousSinceMs !== undefined && Math.abs(nowMs - previousSinceMs) <= lifetimes.graceMs) {
      // A request that was slow to arrive may read with a secret two rotations old. It is refused
      // without suspicion of theft; refreshing with such a secret is theft.
      throw sessionMissing();
    }
    throw await ending.endForReuse(record, context);
  };
}

export function createSessionReading(
  deps: SessionServiceDeps,
  ending: SessionEnding,
): SessionReading {
  const { store, cache, lifetimes, clock, ensureFresh } = deps;
  return {
    authenticate: createAuthentication(deps, ending),

    find: async (handle) => {
      const freshening = ensureFresh();
      if (freshening) await freshening;
      let record = cache.getByHandle(handle);
      // Activity at another process may have postponed the end.
      if (!record || endedBecause(record, lifetimes, clock.now())) {
        const found = await readCurrent(cache, () => store.findByHandle(handle));
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

    listForUser: (query) =>
      store.listForUser({ ...query, nowMs: clock.now(), idleMs: lifetimes.idleMs }),
  };
}
