/**
 * Sessions in memory, so that a request of an active session needs no query.
 *
 * Invariants:
 * - the store is the truth: the cache holds only records that were read from it, and a change of the
 *   log, by this process or another one, drops the record;
 * - a record that was read before a change of its session and arrives after it is not kept;
 * - such a record is not even used when the change ended its session together with others (`clears`).
 *   A session that ends alone has its tokens refused whatever their time, but a change of a user or
 *   tenant ends tokens by their time. Records of other sessions are used, so that a burst of such
 *   changes does not make all requests wait;
 * - a record that is older than the grace of a rotation is used only while the rotations of other
 *   processes are known up to a moment within grace. Rotations are not in the change log; within grace
 *   the secret before a rotation is valid anyway.
 */
import type { Clock } from "@breezeway/shared";
import type { SessionRecord } from "./session-record.ts";

interface Entry {
  readonly record: SessionRecord;
  readonly mark: CacheMark;
}

/** The state of the cache before a read or a write of the store. */
export interface CacheMark {
  readonly drops: number;
  readonly clears: number;
  readonly atMs: number;
}

export interface SessionCache {
  /** Take it before a query and pass it to {@link SessionCache.keep} afterwards. */
  readonly mark: () => CacheMark;
  readonly get: (selectorHash: string) => SessionRecord | undefined;
  readonly getByHandle: (handle: string) => SessionRecord | undefined;
  /** Keeps a record unless its session has changed since the mark. */
  readonly keep: (record: SessionRecord, mark: CacheMark) => void;
  readonly drop: (handle: string) => void;
  /**
   * Costs the same however many records there are.
   *
   * @param ended All sessions of this user or tenant ended. Default: any session may have ended.
   */
  readonly clear: (ended?: EndedTogether) => void;
  /** Whether a record that was read since the mark may be used, as its session was not ended since. */
  readonly isCurrent: (mark: CacheMark, record: SessionRecord) => boolean;
}

export interface EndedTogether {
  readonly kind: "user" | "tenant";
  readonly id: string;
}

export interface SessionCacheDeps {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly maxEntries: number;
  /** Whether all rotations that were committed more than the grace ago have dropped their records. */
  readonly knowsRotations: () => boolean;
}

/** More than arrive during one query. */
const MAX_REMEMBERED = 10_000;

/** About as long as a secret lives: its rotation drops the record anyway. */
const MAX_AGE_MS = 3_600_000;

/** The latest events, by name, each with its number. Older ones count as if they concerned every name. */
class RecentEvents {
  readonly #numbers = new Map<string, number>();
  count = 0;
  /** Events up to this number are forgotten. */
  #forgotten = 0;

  add(name: string): void {
    this.count += 1;
    this.#numbers.delete(name);
    this.#numbers.set(name, this.count);
    if (this.#numbers.size <= MAX_REMEMBERED) return;
    for (const [oldest, number] of this.#numbers) {
      this.#numbers.delete(oldest);
      this.#forgotten = Math.max(this.#forgotten, number);
      break;
    }
  }

  addAll(): void {
    this.count += 1;
    this.#forgotten = this.count;
  }

  /** Whether an event of this name came after the first `since` events. */
  mayHave(name: string, since: number): boolean {
    return since < this.#forgotten || (this.#numbers.get(name) ?? 0) > since;
  }
}

export function createSessionCache(deps: SessionCacheDeps): SessionCache {
  const { clock, graceMs, maxEntries, knowsRotations } = deps;
  /** By selector, the one that was used least recently first. */
  const entries = new Map<string, Entry>();
  const selectors = new Map<string, string>();
  const drops = new RecentEvents();
  const clears = new RecentEvents();

  function remove(selectorHash: string): void {
    const entry = entries.get(selectorHash);
    if (!entry) return;
    entries.delete(selectorHash);
    selectors.delete(entry.record.handle);
  }

  const isCurrent: SessionCache["isCurrent"] = (mark, { userId, tenantId }) =>
    !clears.mayHave(`user:${userId}`, mark.clears) &&
    !clears.mayHave(`tenant:${tenantId}`, mark.clears);

  function get(selectorHash: string): SessionRecord | undefined {
    const entry = entries.get(selectorHash);
    if (!entry) return undefined;
    const { record, mark } = entry;
    const ageMs = clock.now() - mark.atMs;
    if (ageMs < 0 || ageMs >= Math.max(MAX_AGE_MS, graceMs) || !isCurrent(mark, record)) {
      remove(selectorHash);
      return undefined;
    }
    if (ageMs >= graceMs && !knowsRotations()) return undefined;
    entries.delete(selectorHash);
    entries.set(selectorHash, entry);
    return record;
  }

  return {
    mark: () => ({ drops: drops.count, clears: clears.count, atMs: clock.now() }),
    isCurrent,
    get,
    getByHandle: (handle) => {
      const selectorHash = selectors.get(handle);
      return selectorHash === undefined ? undefined : get(selectorHash);
    },
    keep: (record, mark) => {
      const { handle, selectorHash } = record;
      const known = selectors.get(handle);
      if (known !== undefined) remove(known);
      const isStale = drops.mayHave(handle, mark.drops) || !isCurrent(mark, record);
      if (isStale || graceMs <= 0 || maxEntries <= 0) return;
      if (entries.size >= maxEntries) {
        for (const leastRecent of entries.keys()) {
          remove(leastRecent);
          break;
        }
      }
      entries.set(selectorHash, { record, mark });
      selectors.set(handle, selectorHash);
    },
    drop: (handle) => {
      drops.add(handle);
      const selectorHash = selectors.get(handle);
      if (selectorHash !== undefined) remove(selectorHash);
    },
    clear: (together) => {
      if (together) {
        clears.add(`${together.kind}:${together.id}`);
        return;
      }
      clears.addAll();
      drops.addAll();
      entries.clear();
      selectors.clear();
    },
  };
}
