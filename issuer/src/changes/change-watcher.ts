/**
 * Follows the change log and passes every change to this process, including its own changes.
 *
 * Invariants:
 * - listeners get each change once and in order, or they learn of a gap and must forget;
 * - listeners have received every change that was committed more than `ageMs` ago, or a gap in its
 *   place. While `ageMs` is below `MAX_STALENESS_MS`, what a listener keeps in memory may be used
 *   without asking the database.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { latestSeq, readChanges } from "./change-log.ts";

/** Below the 1 s within which every issuer process must know of a revocation. */
const MAX_STALENESS_MS = 900;
/** Changes per query. */
const BATCH = 1_000;
/**
 * Changes that are passed on in one turn of the event loop. Each may go to an open stream, whose work comes later in
 * the same turn: about 0.1 ms over HTTP.
 */
const TURN_CHANGES = 100;
/** A change may concern many listeners, so the time of a turn is bounded, too. */
const TURN_MS = 5;

export interface ChangeListener {
  readonly onChange: (change: ChangeRow) => void;
  /** The changes of one turn of the event loop have been passed on. */
  readonly onBatchEnd?: () => void;
  /**
   * Changes were missed: the log no longer reaches back to the last change that was read.
   *
   * @param seq The next change has a higher number. Lower than before when the database was replaced.
   */
  readonly onGap: (seq: number) => void;
}

export interface ChangeWatcher {
  /** Number of the last change that the listeners received. */
  readonly seq: number;
  readonly subscribe: (listener: ChangeListener) => () => void;
  /** @throws {BridgeError} STORE_UNAVAILABLE */
  readonly start: () => Promise<void>;
  /** Reads all changes that are committed now. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly sync: () => Promise<void>;
  /** Milliseconds since the last read that reached the end of the log began. */
  readonly ageMs: number;
  /** Whether the log was read so recently that memory can be trusted. */
  readonly isFresh: () => boolean;
  readonly close: () => Promise<void>;
}

export function createChangeWatcher(store: OpenStore): ChangeWatcher {
  const reader = createLogReader(store);
  const reads = createSharedReads(reader.read);
  let timer: NodeJS.Timeout | undefined;

  const syncInBackground = (): void => {
    // `isFresh` shows an outage to every caller that needs a fresh log.
    reads.sync().catch(() => undefined);
  };

  return {
    get seq() {
      return reader.seq;
    },
    get ageMs() {
      return reader.ageMs();
    },
    subscribe: reader.subscribe,
    start: async () => {
      // First, since a read that begins at number 0 would look like a gap.
      await reader.skipToEnd();
      await withStore(store, () => store.watch(syncInBackground));
      timer = setInterval(syncInBackground, store.pollIntervalMs);
      timer.unref();
    },
    sync: reads.sync,
    isFresh: () => reader.ageMs() < MAX_STALENESS_MS,
    close: async () => {
      clearInterval(timer);
      reader.clear();
      await reads.settled();
    },
  };
}

interface LogReader {
  readonly seq: number;
  readonly ageMs: () => number;
  readonly subscribe: (listener: ChangeListener) => () => void;
  readonly clear: () => void;
  readonly skipToEnd: () => Promise<void>;
  readonly read: () => Promise<void>;
}

function createLogReader(store: OpenStore): LogReader {
  const listeners = new Set<ChangeListener>();
  let seq = 0;
  // By the monotonic clock: a wall clock that jumps must not make stale memory look fresh.
  let readAt = Number.NEGATIVE_INFINITY;

  const passOn = (change: ChangeRow): void => {
    seq = change.seq;
    for (const listener of listeners) listener.onChange(change);
  };

  const endBatch = (): void => {
    for (const { onBatchEnd } of listeners) onBatchEnd?.();
  };

  const passOnInTurns = async (changes: readonly ChangeRow[]): Promise<void> => {
    let left = TURN_CHANGES;
    let endsAt = performance.now() + TURN_MS;
    for (const change of changes) {
      passOn(change);
      left -= 1;
      if (change === changes.at(-1) || (left > 0 && performance.now() < endsAt)) continue;
      endBatch();
      await nextTurn();
      left = TURN_CHANGES;
      endsAt = performance.now() + TURN_MS;
    }
    endBatch();
  };

  const reportGap = (before: number): void => {
    seq = before;
    for (const listener of listeners) listener.onGap(before);
  };

  const isMissing = async (next: number): Promise<boolean> =>
    (await withStore(store, () => readChanges(store.db, next - 1, 1))).length === 0;

  /** No row follows `seq`. @returns whether the log has been read to its end */
  const checkEnd = async (): Promise<boolean> => {
    const latest = await withStore(store, () => latestSeq(store.db));
    if (latest === seq) return true;
    // The rows were purged while this process was away, or another database has taken the place.
    if (latest < seq || (await isMissing(seq + 1))) {
      reportGap(latest);
      return true;
    }
    return false;
  };

  return {
    get seq() {
      return seq;
    },
    ageMs: () => performance.now() - readAt,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clear: () => listeners.clear(),
    skipToEnd: async () => {
      const startedAt = performance.now();
      seq = await withStore(store, () => latestSeq(store.db));
      readAt = startedAt;
    },
    read: async () => {
      const startedAt = performance.now();
      for (;;) {
        const changes = await withStore(store, () => readChanges(store.db, seq, BATCH));
        const [first] = changes;
        if (!first) {
          if (await checkEnd()) break;
          continue;
        }
        if (first.seq !== seq + 1) reportGap(first.seq - 1);
        await passOnInTurns(changes);
        if (changes.length < BATCH) break;
        // SQLite answers without a turn of the event loop.
        await nextTurn();
      }
      readAt = startedAt;
    },
  };
}

interface SharedReads {
  readonly sync: () => Promise<void>;
  readonly settled: () => Promise<unknown>;
}

/** Runs one read at a time. A caller that arrives during a read shares the next read with others. */
function createSharedReads(read: () => Promise<void>): SharedReads {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const run = (): Promise<void> => {
    running = read().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    sync: () => {
      if (!running) return run();
      // The running read may already have passed the change that this caller needs.
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return run();
        });
      return next;
    },
    settled: () => Promise.allSettled([running, next]),
  };
}
