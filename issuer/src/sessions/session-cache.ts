/**
 * Sessions in memory, so that a request of a live session needs no query.
 *
 * Invariants:
 * - the store is the truth: only what was read from it stands here, and a change of the log, ours or
 *   another process's, drops it;
 * - an entry read before a change and arriving after it is not kept (`generation`);
 * - nor is it used, when the change ended many sessions at once (`clears`): tokens of a session that
 *   ended alone are refused whenever they were made, but those changes end tokens by their time;
 * - no entry lives longer than the grace of a rotation. Rotations are not in the change log, so
 *   another process may hold the secret from before one; within grace that secret is good anyway.
 */
import type { Clock } from "../clock.ts";
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
  clear(): void;
  /** Whether a record that was read since the mark may be used: nothing was cleared meanwhile. */
  isCurrent(mark: CacheMark): boolean;
}

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

  function remove(selectorHash: string): void {
    const entry = entries.get(selectorHash);
    if (!entry) return;
    entries.delete(selectorHash);
    selectors.delete(entry.record.handle);
  }

  function get(selectorHash: string): SessionRecord | undefined {
    const entry = entries.get(selectorHash);
    if (!entry) return undefined;
    const ageMs = clock() - entry.loadedAtMs;
    if (ageMs >= 0 && ageMs < maxAgeMs) return entry.record;
    remove(selectorHash);
    return undefined;
  }

  return {
    mark: () => ({ generation, clears, atMs: clock() }),
    isCurrent: (mark) => mark.clears === clears,
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
    clear() {
      generation += 1;
      clears += 1;
      entries.clear();
      selectors.clear();
    },
  };
}
