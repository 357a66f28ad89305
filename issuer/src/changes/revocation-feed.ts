/**
 * The revocations that still matter, in memory, in the order of the change log.
 *
 * Invariants:
 * - filled by the change watcher only, so what `snapshot` and `since` give, and what subscribers hear
 *   afterwards, join without a gap: all of it happens in one turn of the loop;
 * - bounded: an entry is forgotten when every token that it could end has expired, and the oldest one
 *   when there are more than `MAX_ENTRIES`, which nobody reaches while many that end at once are
 *   announced as one. Removed keys are few, matter longer, and are kept apart.
 */
import { TOKEN_LIMITS } from "@breezeway/shared";
import {
  KEY_REMOVAL_SECONDS,
  type Revocation,
  type RevocationSnapshot,
} from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared";
import { toSeconds } from "../time.ts";
import type { ChangeRow } from "../store/schema.ts";
import type { OpenStore } from "../store/store.ts";
import { withStore } from "../store/unavailable.ts";
import { isRevocationKind, latestSeq, REVOCATION_KINDS, WIDENED } from "./change-log.ts";

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
  /**
   * The `iat` of a token that is about to be made from what is known now: the present second, or the
   * first one that no revocation of this subject reaches. Ask before anything is awaited: what is
   * heard after this call ends the token.
   */
  issuedAtSeconds(subject: TokenSubject): number;
  onChange(change: ChangeRow): void;
  /** Changes were missed; what follows has higher numbers than this one. `load` is due. */
  onGap(seq: number): void;
  /** Reads the window anew from the store. */
  load(): Promise<void>;
  /** False from a gap on, and at the start, until `load` has filled it. */
  readonly isComplete: boolean;
}

export interface TokenSubject {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
}

export interface RevocationFeedOptions {
  readonly store: OpenStore;
  readonly clock: Clock;
  /** A revocation was heard that does not reach the newest token of this process, `iat` given. */
  readonly onLate: (revocation: Revocation, newestSeconds: number) => void;
}

/** How long any other entry than a removed key can matter: the longest token, and the skew that verifiers tolerate. */
export const RELEVANT_SECONDS: number =
  TOKEN_LIMITS.maxTtlSeconds + 2 * TOKEN_LIMITS.maxClockSkewSeconds;

/** More than a commit takes. New tokens start after a revocation, so a wrong clock must not move it far. */
const MAX_WIDENING_SECONDS = 60;

/** A snapshot of as many is about 10 MB. */
const MAX_ENTRIES = 100_000;

export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const { store, clock, onLate } = options;
  const listeners = new Set<FeedListener>();
  let entries: NumberedRevocation[] = [];
  /** Those of `entries` that are not about one session. Nearly always empty, and read on each mint. */
  let coarse: NumberedRevocation[] = [];
  let keyRemovals: NumberedRevocation[] = [];
  /** Every revocation after this number is in `entries` or `keyRemovals`. */
  let floor = 0;
  let seq = 0;
  /** What was told since the last gap, as long as the rest has to be loaded. */
  let told: NumberedRevocation[] | undefined = [];
  /** The latest `iat` that was given out. */
  let newestSeconds = 0;

  function keep(next: NumberedRevocation[]): void {
    entries = next;
    coarse = next.filter(({ revocation }) => revocation.kind !== "session");
  }

  function all(): NumberedRevocation[] {
    return [...keyRemovals, ...entries].sort((a, b) => a.seq - b.seq);
  }

  function add(entry: NumberedRevocation, isWidened: boolean): void {
    const { kind } = entry.revocation;
    if (kind === "key") {
      keyRemovals.push(entry);
      return;
    }
    entries.push(entry);
    if (kind === "session") return;
    coarse.push(entry);
    if (!isWidened) reportIfLate(entry.revocation);
  }

  function prune(): void {
    const nowSeconds = toSeconds(clock.now());
    keyRemovals = keyRemovals.filter(
      ({ revocation }) => revocation.atSeconds >= nowSeconds - KEY_REMOVAL_SECONDS,
    );
    const oldest = nowSeconds - RELEVANT_SECONDS;
    // Times rise with the numbers but for clocks that differ, so this stops early at worst.
    const first = entries.findIndex(({ revocation }) => revocation.atSeconds >= oldest);
    const dead = Math.max(first === -1 ? entries.length : first, entries.length - MAX_ENTRIES);
    if (dead === 0) return;
    floor = entries[dead - 1]?.seq ?? floor;
    keep(entries.slice(dead));
  }

  function reportIfLate(revocation: Revocation): void {
    const { atSeconds } = revocation;
    const reach = Math.min(
      newestSeconds,
      // Tokens from a moment in which the clock was far ahead are good nowhere.
      toSeconds(clock.now()) + TOKEN_LIMITS.maxClockSkewSeconds,
      atSeconds + MAX_WIDENING_SECONDS,
    );
    if (reach > atSeconds) onLate(revocation, reach);
  }

  function snapshot(): RevocationSnapshot {
    prune();
    return { seq, revocations: all().map(({ revocation }) => revocation) };
  }

  return {
    snapshot,
    since(after) {
      prune();
      if (after < floor || after > seq) return undefined;
      return all().filter((entry) => entry.seq > after);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    issuedAtSeconds({ userId, tenantId, appId }) {
      let iat = toSeconds(clock.now());
      for (const { revocation } of coarse) {
        const { kind, id } = revocation;
        const isHere = revocation.tenantId === undefined || revocation.tenantId === tenantId;
        const hit =
          (kind === "app" && id === appId && isHere) ||
          (kind === "tenant" && id === tenantId) ||
          (kind === "user" && id === userId && isHere);
        if (hit) iat = Math.max(iat, revocation.atSeconds + 1);
      }
      newestSeconds = Math.max(newestSeconds, iat);
      return iat;
    },
    onChange(change) {
      if (change.seq <= seq) return;
      seq = change.seq;
      const entry = toEntry(change);
      if (!entry) return;
      prune();
      add(entry, change.detail === WIDENED);
      if (told) {
        // With its number a reader would resume behind what is missing. The snapshot has it.
        told.push(entry);
        return;
      }
      for (const listener of listeners) listener.onRevocation(entry);
    },
    onGap(before) {
      told = [];
      seq = before;
    },
    get isComplete() {
      return told === undefined;
    },
    async load() {
      const since = told;
      const nowSeconds = toSeconds(clock.now());
      const latest = await withStore(store, () => latestSeq(store.db));
      const rows = await withStore(store, () =>
        store.db
          .selectFrom("breezeway_change")
          .selectAll()
          .where("kind", "in", [...REVOCATION_KINDS])
          .where((eb) =>
            eb.or([
              eb("at_seconds", ">=", nowSeconds - RELEVANT_SECONDS),
              eb.and([
                eb("kind", "=", "key"),
                eb("at_seconds", ">=", nowSeconds - KEY_REMOVAL_SECONDS),
              ]),
            ]),
          )
          .where("seq", "<=", latest)
          .orderBy("seq")
          .execute(),
      );
      // Another gap: what was read does not reach to it, and its own load follows.
      if (since === undefined || since !== told) return;
      told = undefined;
      // Changes that were told while the store answered are newer than what it answered.
      const newer = since.filter((entry) => entry.seq > latest);
      const known = [...rows.flatMap((row) => toEntry(row) ?? []), ...newer];
      keyRemovals = known.filter(({ revocation }) => revocation.kind === "key");
      keep(known.filter(({ revocation }) => revocation.kind !== "key"));
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
