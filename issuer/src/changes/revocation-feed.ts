/**
 * The revocation feed of this process: a window of revocations, and the readers that follow it.
 *
 * Invariant: only the change watcher fills the feed, and everything happens in one turn of the event
 * loop. So `snapshot` and `since` join with what subscribers receive afterwards, without a gap.
 */
import type { Clock } from "@breezeway/shared";
import { KEY_REMOVAL_SECONDS, type RevocationSnapshot } from "@breezeway/shared/schemas";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { toSeconds } from "../time.ts";
import { isRevocationKind, latestSeq, REVOCATION_KINDS } from "./change-log.ts";
import { createToldInSlices } from "./told-in-slices.ts";
import {
  createRevocationWindow,
  RELEVANT_SECONDS,
  type NumberedRevocation,
  type RevocationWindow,
} from "./revocation-window.ts";

export interface FeedListener {
  /** New entries, oldest first. All listeners get the same array. */
  readonly onRevocations: (entries: readonly NumberedRevocation[]) => void;
  /** Apps have changed: the reader asks for the registry again, if it follows that. */
  readonly onRegistry: () => void;
  /** Replaces everything that the reader knows, since entries were missed. */
  readonly onSnapshot: (snapshot: RevocationSnapshot) => void;
}

export interface RevocationFeed {
  readonly snapshot: () => RevocationSnapshot;
  /** The entries after a number, or `undefined` when some of them are no longer known. */
  readonly since: (seq: number) => readonly NumberedRevocation[] | undefined;
  readonly subscribe: (listener: FeedListener) => () => void;
  /** The number of the newest change that this process knows. */
  readonly seq: number;
  readonly onChange: (change: ChangeRow) => void;
  /** Tells the readers what `onChange` brought in this turn of the event loop. */
  readonly flush: () => void;
  /** Changes were missed; the next ones have higher numbers than `seq`. `load` must follow. */
  readonly onGap: (seq: number) => void;
  /** Reads the window from the store. @throws {BridgeError} STORE_UNAVAILABLE */
  readonly load: () => Promise<void>;
  /** False at the start and after a gap, until `load` has filled the window. */
  readonly isComplete: boolean;
}

export interface RevocationFeedDeps {
  readonly store: OpenStore;
  readonly clock: Clock;
}

export function createRevocationFeed({ store, clock }: RevocationFeedDeps): RevocationFeed {
  const listeners = new Set<FeedListener>();
  const slices = createToldInSlices<FeedListener>();
  const window = createRevocationWindow(clock);
  let seq = 0;
  /** Entries since the last gap, while the window still has to be loaded. */
  let sinceGap: NumberedRevocation[] | undefined = [];
  /** Entries that no reader has received yet. */
  let fresh: NumberedRevocation[] = [];
  let hasNewApps = false;

  const snapshotAt = createSnapshots(window);
  const snapshot = (): RevocationSnapshot => snapshotAt(seq);

  const onChange = (change: ChangeRow): void => {
    if (change.seq <= seq) return;
    seq = change.seq;
    if (change.kind === "apps-changed") hasNewApps = true;
    const entry = toEntry(change);
    if (!entry) return;
    window.add(entry);
    if (sinceGap) {
      // A reader that got this number would resume after the missing entries. The snapshot has them.
      sinceGap.push(entry);
      return;
    }
    fresh.push(entry);
  };

  const flush = (): void => {
    if (fresh.length > 0) {
      const entries = fresh;
      fresh = [];
      slices.tell(listeners, (listener) => listener.onRevocations(entries));
    }
    if (hasNewApps) {
      hasNewApps = false;
      slices.tell(listeners, (listener) => listener.onRegistry(), "registry");
    }
  };

  const load = async (): Promise<void> => {
    const gap = sinceGap;
    const { latest, entries } = await readEntries(store, toSeconds(clock.now()));
    // After another gap, this read is too old. That gap has its own load.
    if (gap === undefined || gap !== sinceGap) return;
    sinceGap = undefined;
    // Changes that arrived during the read are newer than its result.
    window.replace([...entries, ...gap.filter((entry) => entry.seq > latest)], latest);
    seq = Math.max(seq, latest);
    const loaded = snapshot();
    slices.tell(listeners, (listener) => listener.onSnapshot(loaded));
  };

  return {
    snapshot,
    since: (after) => (after < window.floor() || after > seq ? undefined : window.after(after)),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        slices.drop(listener);
      };
    },
    get seq() {
      return seq;
    },
    onChange,
    flush,
    onGap: (before) => {
      flush();
      sinceGap = [];
      seq = before;
    },
    get isComplete() {
      return sinceGap === undefined;
    },
    load,
  };
}

/** Readers that connect between two changes get the same snapshot. */
function createSnapshots(window: RevocationWindow): (seq: number) => RevocationSnapshot {
  let latest: RevocationSnapshot | undefined;
  return (seq) => {
    if (latest?.seq !== seq || latest.revocations.length !== window.size()) {
      latest = { seq, revocations: window.all().map(({ revocation }) => revocation) };
    }
    return latest;
  };
}

/**
 * The entries of the log that can still matter, and the number of the newest change. A row by a clock
 * that was behind is recent when a row before it is.
 */
async function readEntries(
  store: OpenStore,
  nowSeconds: number,
): Promise<{ readonly latest: number; readonly entries: readonly NumberedRevocation[] }> {
  const latest = await withStore(store, () => latestSeq(store.db));
  const firstSince = (seconds: number): Promise<number> =>
    withStore(store, async () => {
      const first = await store.db
        .selectFrom("breezeway_change")
        .select((eb) => eb.fn.min("seq").as("seq"))
        .where("at_seconds", ">=", nowSeconds - seconds)
        .executeTakeFirst();
      return first?.seq ?? latest + 1;
    });
  const [firstRelevant, firstRemoval] = [
    await firstSince(RELEVANT_SECONDS),
    await firstSince(KEY_REMOVAL_SECONDS),
  ];
  const rows = await withStore(store, () =>
    store.db
      .selectFrom("breezeway_change")
      .selectAll()
      .where("kind", "in", [...REVOCATION_KINDS])
      .where((eb) =>
        eb.or([
          eb("seq", ">=", firstRelevant),
          eb.and([eb("kind", "=", "key"), eb("seq", ">=", firstRemoval)]),
        ]),
      )
      .where("seq", "<=", latest)
      .orderBy("seq")
      .execute(),
  );
  return { latest, entries: rows.flatMap((row) => toEntry(row) ?? []) };
}

function toEntry(change: ChangeRow): NumberedRevocation | undefined {
  if (!isRevocationKind(change.kind)) return undefined;
  return {
    seq: change.seq,
    revocation: {
      kind: change.kind,
      id: change.subject,
      ...(change.tenant_id === null ? {} : { tenantId: change.tenant_id }),
      atSeconds: change.at_seconds,
      seq: change.seq,
    },
  };
}
