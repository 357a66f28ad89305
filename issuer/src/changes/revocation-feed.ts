/**
 * The revocations that still matter, in memory, in the order of the change log.
 *
 * Invariants:
 * - filled by the change watcher only, so what `snapshot` and `since` give, and what subscribers hear
 *   afterwards, join without a gap: all of it happens in one turn of the loop;
 * - bounded: an entry is forgotten when every token that it could end has expired, and the oldest one
 *   when there are more than `MAX_ENTRIES`, which nobody reaches while many that end at once are
 *   announced as one.
 */
import { TOKEN_LIMITS } from "@breezeway/shared";
import type { Revocation, RevocationSnapshot } from "@breezeway/shared/schemas";
import { toSeconds, type Clock } from "../clock.ts";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { isRevocationKind, latestSeq, REVOCATION_KINDS } from "./change-log.ts";

export interface NumberedRevocation {
  readonly seq: number;
  readonly revocation: Revocation;
}

export interface FeedListener {
  onRevocation(entry: NumberedRevocation): void;
  /** Start over: entries were missed. */
  onSnapshot(snapshot: RevocationSnapshot): void;
}

export interface RevocationFeed {
  snapshot(): RevocationSnapshot;
  /** What came after a number, or `undefined` when that is no longer known. */
  since(seq: number): readonly NumberedRevocation[] | undefined;
  subscribe(listener: FeedListener): () => void;
  /** The second from which tokens of this subject may be made again; 0 when any. */
  blockedUntilSeconds(subject: { userId: string; tenantId: string; appId: string }): number;
  onChange(change: ChangeRow): void;
  /** Reads the window anew from the store. */
  load(): Promise<void>;
}

/** How long an entry can matter: the longest token, and the skew that verifiers tolerate. */
export const RELEVANT_SECONDS: number =
  TOKEN_LIMITS.maxTtlSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds;

/** A snapshot of as many is about 10 MB. */
const MAX_ENTRIES = 100_000;

export function createRevocationFeed(store: OpenStore, clock: Clock): RevocationFeed {
  const listeners = new Set<FeedListener>();
  let entries: NumberedRevocation[] = [];
  /** Those of `entries` that are not about one session. Nearly always empty, and read on each mint. */
  let coarse: NumberedRevocation[] = [];
  /** Every revocation after this number is in `entries`. */
  let floor = 0;
  let seq = 0;

  function keep(next: NumberedRevocation[]): void {
    entries = next;
    coarse = next.filter(({ revocation }) => revocation.kind !== "session");
  }

  function prune(): void {
    const oldest = toSeconds(clock()) - RELEVANT_SECONDS;
    // Times rise with the numbers but for clocks that differ, so this stops early at worst.
    const first = entries.findIndex(({ revocation }) => revocation.atSeconds >= oldest);
    const dead = Math.max(first === -1 ? entries.length : first, entries.length - MAX_ENTRIES);
    if (dead === 0) return;
    floor = entries[dead - 1]?.seq ?? floor;
    keep(entries.slice(dead));
  }

  function snapshot(): RevocationSnapshot {
    prune();
    return { seq, revocations: entries.map(({ revocation }) => revocation) };
  }

  return {
    snapshot,
    since(after) {
      prune();
      if (after < floor || after > seq) return undefined;
      return entries.filter((entry) => entry.seq > after);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    blockedUntilSeconds({ userId, tenantId, appId }) {
      let until = 0;
      for (const { revocation } of coarse) {
        const { kind, id } = revocation;
        const hit =
          (kind === "app" && id === appId) ||
          (kind === "tenant" && id === tenantId) ||
          (kind === "user" &&
            id === userId &&
            (revocation.tenantId === undefined || revocation.tenantId === tenantId));
        if (hit) until = Math.max(until, revocation.atSeconds + 1);
      }
      return until;
    },
    onChange(change) {
      if (change.seq <= seq) return;
      seq = change.seq;
      const entry = toEntry(change);
      if (!entry) return;
      prune();
      entries.push(entry);
      if (entry.revocation.kind !== "session") coarse.push(entry);
      for (const listener of listeners) listener.onRevocation(entry);
    },
    async load() {
      const oldest = toSeconds(clock()) - RELEVANT_SECONDS;
      const latest = await withStore(store, () => latestSeq(store.db));
      const rows = await withStore(store, () =>
        store.db
          .selectFrom("breezeway_change")
          .selectAll()
          .where("at_seconds", ">=", oldest)
          .where("kind", "in", [...REVOCATION_KINDS])
          .where("seq", "<=", latest)
          .orderBy("seq")
          .execute(),
      );
      // Changes that were told while the store answered are newer than what it answered.
      const newer = entries.filter((entry) => entry.seq > latest);
      keep([...rows.flatMap((row) => toEntry(row) ?? []), ...newer]);
      seq = Math.max(seq, latest);
      floor = (entries[0]?.seq ?? latest + 1) - 1;
      const loaded = snapshot();
      for (const listener of listeners) listener.onSnapshot(loaded);
    },
  };
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
    },
  };
}
