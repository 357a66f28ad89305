/**
 * Sessions in memory, so that a request of a live session needs no query.
 *
 * Invariants:
 * - the store is the truth: the cache holds only records that were read from it, and a change of the
 *   log, by this process or another one, drops the record;
 * - a record that was read before a change and arrives after it is not kept (`generation`);
 * - such a record is not even used when the change ended its session together with others (`clears`).
 *   A session that ends alone has its tokens refused whatever their time, but a change of a user or
 *   tenant ends tokens by their time. Records of other sessions are used, so that a burst of such
 *   changes does not make all requests wait;
 * - no record stays longer than the grace of a rotation. Rotations are not in the change log, so
 *   another process may hold the previous secret; within grace that secret is valid anyway.
 */
import type { Clock } from "@breezeway/shared";
import type { SessionRecord } from "./session-record.ts";

interface Entry {
  readonly record: SessionRecord;
  readonly loadedAtMs: number;
}

/** The state of the cache before a read or a write of the store. */
export interface CacheMark {
  readonly generation: number;
  readonly clears: number;
  readonly atMs: number;
}

export interface SessionCache {
  /** Take it before a query and pass it to {@link SessionCache.keep} afterwards. */
  readonly mark: () => CacheMark;
  readonly get: (selectorHash: string) => SessionRecord | undefined;
  readonly getByHandle: (handle: string) => SessionRecord | undefined;
  /** Keeps a record unless something was dropped since the mark. */
  readonly keep: (record: SessionRecord, mark: CacheMark) => void;
  readonly drop: (handle: string) => void;
  /** @param ended All sessions of this user or tenant ended. Default: any session may have ended. */
  readonly clear: (ended?: EndedTogether) => void;
  /** Whether a record that was read since the mark may be used, as its session was not ended since. */
  readonly isCurrent: (mark: CacheMark, record: SessionRecord) => boolean;
}

export interface EndedTogether {
  readonly kind: "user" | "tenant";
  readonly id: string;
}

/** More than arrive during one query. */
const MAX_ENDED = 10_000;

export interface SessionCacheDeps {
  readonly clock: Clock;
  readonly maxAgeMs: number;
  readonly maxEntries: number;
}

export function createSessionCache(deps: SessionCacheDeps): SessionCache {
  const { clock, maxAgeMs, maxEntries } = deps;
  const entries = new Map<string, Entry>();
  const selectors = new Map<string, string>();
  let generation = 0;
  let clears = 0;
  /** The number of clears after which a user or tenant was ended, latest last. */
  const ended = new Map<string, number>();
  /** `ended` no longer has what was ended at or before this number of clears. */
  let forgotten = 0;

  function remove(selectorHash: string): void {
    const entry = entries.get(selectorHash);
    if (!entry) return;
    entries.delete(selectorHash);
    selectors.delete(entry.record.handle);
  }

  function remember({ kind, id }: EndedTogether): void {
    const name = `${kind}:${id}`;
    ended.delete(name);
    ended.set(name, clears);
    if (ended.size <= MAX_ENDED) return;
    for (const [oldest, at] of ended) {
      ended.delete(oldest);
      forgotten = Math.max(forgotten, at);
      break;
    }
  }

  function get(selectorHash: string): SessionRecord | undefined {
    const entry = entries.get(selectorHash);
    if (!entry) return undefined;
    const ageMs = clock.now() - entry.loadedAtMs;
    if (ageMs >= 0 && ageMs < maxAgeMs) return entry.record;
    remove(selectorHash);
    return undefined;
  }

  return {
    mark: () => ({ generation, clears, atMs: clock.now() }),
    isCurrent: (mark, { userId, tenantId }) =>
      mark.clears >= forgotten &&
      (ended.get(`user:${userId}`) ?? 0) <= mark.clears &&
      (ended.get(`tenant:${tenantId}`) ?? 0) <= mark.clears,
    get,
    getByHandle: (handle) => {
      const selectorHash = selectors.get(handle);
      return selectorHash === undefined ? undefined : get(selectorHash);
    },
    keep: (record, mark) => {
      const known = selectors.get(record.handle);
      if (known !== undefined) remove(known);
      if (mark.generation !== generation || maxAgeMs <= 0) return;
      if (entries.size >= maxEntries) {
        // The oldest entry is the next one to expire anyway.
        for (const selectorHash of entries.keys()) {
          remove(selectorHash);
          break;
        }
      }
      entries.set(record.selectorHash, { record, loadedAtMs: mark.atMs });
      selectors.set(record.handle, record.selectorHash);
    },
    drop: (handle) => {
      generation += 1;
      const selectorHash = selectors.get(handle);
      if (selectorHash !== undefined) remove(selectorHash);
    },
    clear: (together) => {
      generation += 1;
      clears += 1;
      if (together) remember(together);
      else forgotten = clears;
      entries.clear();
      selectors.clear();
    },
  };
}
