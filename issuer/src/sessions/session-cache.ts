/**
 * Sessions in memory, so that a request of a live session needs no query.
 *
 * Invariants:
 * - the store is the truth: only what was read from it stands here, and a change of the log, ours or
 *   another process's, drops it;
 * - an entry read before a change and arriving after it is not kept (`generation`);
 * - nor is it used, when the change ended many sessions at once, its own among them (`clears`): tokens
 *   of a session that ended alone are refused whenever they were made, but those changes end tokens by
 *   their time. Others are used, or a burst of such changes would keep everybody waiting;
 * - no entry lives longer than the grace of a rotation. Rotations are not in the change log, so
 *   another process may hold the secret from before one; within grace that secret is good anyway.
 */
import type { Clock } from "@breezeway/shared";
import type { SessionRecord } from "./session-record.ts";

interface Entry {
  readonly record: SessionRecord;
  readonly loadedAtMs: number;
}

/** A moment before a read or a write of the store. */
export interface CacheMark {
  readonly generation: number;
  readonly clears: number;
  readonly atMs: number;
}

export interface SessionCache {
  /** Taken before the store is asked and handed to {@link SessionCache.keep} after it. */
  mark(): CacheMark;
  get(selectorHash: string): SessionRecord | undefined;
  getByHandle(handle: string): SessionRecord | undefined;
  /** Keeps a record unless something was dropped since the mark. */
  keep(record: SessionRecord, mark: CacheMark): void;
  drop(handle: string): void;
  /** @param ended - All sessions of this user or tenant were; default: nobody knows which. */
  clear(ended?: EndedTogether): void;
  /** Whether a record that was read since the mark may be used: its session was not ended meanwhile. */
  isCurrent(mark: CacheMark, record: SessionRecord): boolean;
}

export interface EndedTogether {
  readonly kind: "user" | "tenant";
  readonly id: string;
}

/** More than are told while the store answers once. */
const MAX_ENDED = 10_000;

export interface SessionCacheOptions {
  readonly clock: Clock;
  readonly maxAgeMs: number;
  readonly maxEntries: number;
}

export function createSessionCache(options: SessionCacheOptions): SessionCache {
  const { clock, maxAgeMs, maxEntries } = options;
  const entries = new Map<string, Entry>();
  const selectors = new Map<string, string>();
  let generation = 0;
  let clears = 0;
  /** After how many clears, by who was ended, the latest last. */
  const ended = new Map<string, number>();
  /** What was ended up to this many clears is not in `ended` any more. */
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
    getByHandle(handle) {
      const selectorHash = selectors.get(handle);
      return selectorHash === undefined ? undefined : get(selectorHash);
    },
    keep(record, mark) {
      const known = selectors.get(record.handle);
      if (known !== undefined) remove(known);
      if (mark.generation !== generation || maxAgeMs <= 0) return;
      if (entries.size >= maxEntries) {
        // The oldest entry: it is the next to be read again anyway.
        for (const selectorHash of entries.keys()) {
          remove(selectorHash);
          break;
        }
      }
      entries.set(record.selectorHash, { record, loadedAtMs: mark.atMs });
      selectors.set(record.handle, record.selectorHash);
    },
    drop(handle) {
      generation += 1;
      const selectorHash = selectors.get(handle);
      if (selectorHash !== undefined) remove(selectorHash);
    },
    clear(together) {
      generation += 1;
      clears += 1;
      if (together) remember(together);
      else forgotten = clears;
      entries.clear();
      selectors.clear();
    },
  };
}
