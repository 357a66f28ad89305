/**
 * Follows the change log and tells this process about everything in it, its own changes included.
 *
 * Invariants:
 * - every change is told once and in order, or the listeners are told to forget what they know;
 * - whatever was committed longer than `ageMs` ago has been told, or told of as a gap. Below
 *   `MAX_STALENESS_MS` what a listener keeps in memory may be used without asking the database.
 */
import { latestSeq, readChanges } from "./change-log.ts";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";

const MAX_STALENESS_MS = 900;
const BATCH = 1_000;

export interface ChangeListener {
  onChange(change: ChangeRow): void;
  /**
   * Changes were missed: the log no longer reaches back to the last one read.
   *
   * @param seq - The number after which they are told again; lower than before in another database.
   */
  onGap(seq: number): void;
}

export interface ChangeWatcher {
  /** Number of the last change that the listeners were told. */
  readonly seq: number;
  subscribe(listener: ChangeListener): () => void;
  /** @throws {BridgeError} STORE_UNAVAILABLE */
  start(): Promise<void>;
  /** Reads what is new now. @throws {BridgeError} STORE_UNAVAILABLE */
  sync(): Promise<void>;
  /** Since the beginning of the last read that reached the end of the log, in milliseconds. */
  readonly ageMs: number;
  /** Whether the log was read so recently that memory can be trusted. */
  isFresh(): boolean;
  close(): Promise<void>;
}

export function createChangeWatcher(store: OpenStore): ChangeWatcher {
  const listeners = new Set<ChangeListener>();
  let seq = 0;
  // By the monotonic clock: a wall clock that jumps must not make stale memory look fresh.
  let readAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function read(): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const changes = await withStore(store, () => readChanges(store.db, seq, BATCH));
      if (changes.length === 0) {
        const latest = await withStore(store, () => latestSeq(store.db));
        // Purged while we were away, or the database was replaced by another.
        if (latest < seq) tellGap(latest);
        else if (latest > seq && (await isGone(seq + 1))) tellGap(latest);
        else if (latest > seq) continue;
        break;
      }
      const [first] = changes;
      if (first && first.seq !== seq + 1) tellGap(first.seq - 1);
      for (const change of changes) {
        seq = change.seq;
        for (const listener of listeners) listener.onChange(change);
      }
      if (changes.length < BATCH) break;
    }
    readAt = startedAt;
  }

  async function isGone(next: number): Promise<boolean> {
    const changes = await withStore(store, () => readChanges(store.db, next - 1, 1));
    return changes.length === 0;
  }

  function tellGap(before: number): void {
    seq = before;
    for (const listener of listeners) listener.onGap(before);
  }

  function run(): Promise<void> {
    running = read().finally(() => {
      running = undefined;
    });
    return running;
  }

  function sync(): Promise<void> {
    if (!running) return run();
    // The read under way may have passed the point that this caller needs: one more, shared.
    again ??= running
      .catch(() => undefined)
      .then(() => {
        again = undefined;
        return run();
      });
    return again;
  }

  function syncInBackground(): void {
    // An outage shows in `isFresh`, to whoever needs the log to be fresh.
    sync().catch(() => undefined);
  }

  const ageMs = (): number => performance.now() - readAt;

  return {
    get seq() {
      return seq;
    },
    get ageMs() {
      return ageMs();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      const startedAt = performance.now();
      // Before anything can wake us: a read from number 0 that is under way would look like a gap.
      seq = await withStore(store, () => latestSeq(store.db));
      readAt = startedAt;
      await withStore(store, () => store.watch(syncInBackground));
      timer = setInterval(syncInBackground, store.pollIntervalMs);
      timer.unref();
    },
    sync,
    isFresh: () => ageMs() < MAX_STALENESS_MS,
    async close() {
      clearInterval(timer);
      listeners.clear();
      await Promise.allSettled([running, again]);
    },
  };
}
