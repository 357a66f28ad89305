/**
 * The revocations that can still end a token, in memory, in the order of the change log.
 *
 * The window is bounded: an entry is dropped once every token that it could end has expired, and the
 * oldest entry when there are more than `MAX_ENTRIES`. That bound is not reached while the log
 * announces many sessions that end together as one change. Removed keys are few, matter longer, and
 * are kept apart.
 */
import { TOKEN_LIMITS, type Clock } from "@breezeway/shared";
import { KEY_REMOVAL_SECONDS, type Revocation } from "@breezeway/shared/schemas";

export interface NumberedRevocation {
  readonly seq: number;
  readonly revocation: Revocation;
}

export interface RevocationWindow {
  readonly add: (entry: NumberedRevocation) => void;
  /** Replaces all entries. @param latest The newest number of the log that they were read from. */
  readonly replace: (entries: readonly NumberedRevocation[], latest: number) => void;
  readonly all: () => readonly NumberedRevocation[];
  /** The entries after a number. */
  readonly after: (seq: number) => readonly NumberedRevocation[];
  readonly size: () => number;
  /** Every revocation after this number is in the window. */
  readonly floor: () => number;
}

/**
 * How long an entry can matter, other than a removed key: the longest token life, and twice the skew
 * that verifiers tolerate.
 */
export const RELEVANT_SECONDS: number =
  TOKEN_LIMITS.maxTtlSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds;

/** A snapshot with this many entries has about 10 MB. */
const MAX_ENTRIES = 100_000;

export function createRevocationWindow(clock: Clock): RevocationWindow {
  const entries = createAgedEntries(RELEVANT_SECONDS, clock);
  const keyRemovals = createAgedEntries(KEY_REMOVAL_SECONDS, clock);
  let floor = 0;

  const prune = (): void => {
    keyRemovals.prune();
    floor = entries.prune() ?? floor;
  };
  const add = (entry: NumberedRevocation): void =>
    (entry.revocation.kind === "key" ? keyRemovals : entries).add(entry);
  const after = (seq: number): readonly NumberedRevocation[] => {
    prune();
    const removed = keyRemovals.after(seq);
    const rest = entries.after(seq);
    return removed.length === 0 ? rest : [...removed, ...rest].sort((a, b) => a.seq - b.seq);
  };

  return {
    add: (entry) => {
      prune();
      add(entry);
    },
    replace: (next, latest) => {
      entries.clear();
      keyRemovals.clear();
      for (const entry of next) add(entry);
      floor = (next.find(({ revocation }) => revocation.kind !== "key")?.seq ?? latest + 1) - 1;
    },
    all: () => after(0),
    after,
    size: () => {
      prune();
      return entries.size + keyRemovals.size;
    },
    floor: () => {
      prune();
      return floor;
    },
  };
}

interface AgedEntries {
  readonly add: (entry: NumberedRevocation) => void;
  readonly after: (seq: number) => NumberedRevocation[];
  /** @returns the number of the last entry that it dropped, if it dropped one */
  readonly prune: () => number | undefined;
  readonly clear: () => void;
  readonly size: number;
}

/**
 * Entries in the order of the log, each kept for some seconds after its change.
 *
 * Ages are measured by the monotonic clock. A change was made when it arrived, or when its row says,
 * and not before the changes that it follows in the log. So a wall clock that was behind when it wrote
 * a row, or that jumps now, drops no entry early, and one that was ahead keeps none longer.
 */
function createAgedEntries(keepSeconds: number, clock: Clock): AgedEntries {
  let entries: (NumberedRevocation & { readonly madeAtMs: number })[] = [];
  /** Entries before this index are dropped. They are removed together, which costs less. */
  let start = 0;

  return {
    add: (entry) => {
      const nowMs = clock.monotonic();
      const ageMs = Math.max(0, clock.now() - entry.revocation.atSeconds * 1_000);
      const madeAtMs = Math.max(
        nowMs - ageMs,
        entries.at(-1)?.madeAtMs ?? Number.NEGATIVE_INFINITY,
      );
      entries.push({ ...entry, madeAtMs });
    },
    after: (seq) => {
      let [low, high] = [start, entries.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((entries[middle]?.seq ?? 0) > seq) high = middle;
        else low = middle + 1;
      }
      return entries.slice(low);
    },
    prune: () => {
      // The seconds of the log are rounded down.
      const oldestMs = clock.monotonic() - (keepSeconds + 1) * 1_000;
      const before = start;
      start = Math.max(start, entries.length - MAX_ENTRIES);
      while (start < entries.length && (entries[start]?.madeAtMs ?? 0) < oldestMs) start += 1;
      if (start === before) return undefined;
      const dropped = entries[start - 1]?.seq;
      if (start * 2 > entries.length || start > MAX_ENTRIES / 2) {
        entries = entries.slice(start);
        start = 0;
      }
      return dropped;
    },
    clear: () => {
      entries = [];
      start = 0;
    },
    get size() {
      return entries.length - start;
    },
  };
}
