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
import { toSeconds } from "../time.ts";

export interface NumberedRevocation {
  readonly seq: number;
  readonly revocation: Revocation;
}

export interface TokenSubject {
  readonly userId: string;
  readonly tenantId: string;
  readonly appId: string;
}

export interface RevocationWindow {
  readonly add: (entry: NumberedRevocation) => void;
  /** Replaces all entries. @param latest The newest number of the log that they were read from. */
  readonly replace: (entries: readonly NumberedRevocation[], latest: number) => void;
  readonly all: () => readonly NumberedRevocation[];
  /** Every revocation after this number is in the window. */
  readonly floor: () => number;
  /** The first second that no revocation of this subject reaches; 0 when there is none. */
  readonly firstFreeSecond: (subject: TokenSubject) => number;
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
  let entries: NumberedRevocation[] = [];
  /** The entries of more than one session. Nearly always empty, and read on each mint. */
  let coarse: NumberedRevocation[] = [];
  let keyRemovals: NumberedRevocation[] = [];
  let floor = 0;

  const keep = (next: NumberedRevocation[]): void => {
    entries = next;
    coarse = next.filter(({ revocation }) => revocation.kind !== "session");
  };

  const prune = (): void => {
    const nowSeconds = toSeconds(clock.now());
    keyRemovals = keyRemovals.filter(
      ({ revocation }) => revocation.atSeconds >= nowSeconds - KEY_REMOVAL_SECONDS,
    );
    const oldest = nowSeconds - RELEVANT_SECONDS;
    // Times rise with the numbers unless clocks differ. Then the search stops early and keeps more.
    const first = entries.findIndex(({ revocation }) => revocation.atSeconds >= oldest);
    const expired = Math.max(first === -1 ? entries.length : first, entries.length - MAX_ENTRIES);
    if (expired === 0) return;
    floor = entries[expired - 1]?.seq ?? floor;
    keep(entries.slice(expired));
  };

  return {
    add: (entry) => {
      prune();
      const { kind } = entry.revocation;
      if (kind === "key") keyRemovals.push(entry);
      else entries.push(entry);
      if (kind !== "key" && kind !== "session") coarse.push(entry);
    },
    replace: (next, latest) => {
      keyRemovals = next.filter(({ revocation }) => revocation.kind === "key");
      keep(next.filter(({ revocation }) => revocation.kind !== "key"));
      floor = (entries[0]?.seq ?? latest + 1) - 1;
    },
    all: () => {
      prune();
      return [...keyRemovals, ...entries].sort((a, b) => a.seq - b.seq);
    },
    floor: () => {
      prune();
      return floor;
    },
    firstFreeSecond: (subject) => {
      let second = 0;
      for (const { revocation } of coarse) {
        if (endsTokensOf(revocation, subject)) second = Math.max(second, revocation.atSeconds + 1);
      }
      return second;
    },
  };
}

function endsTokensOf(revocation: Revocation, { userId, tenantId, appId }: TokenSubject): boolean {
  const { kind, id } = revocation;
  const isHere = revocation.tenantId === undefined || revocation.tenantId === tenantId;
  switch (kind) {
    case "app":
      return id === appId && isHere;
    case "user":
      return id === userId && isHere;
    case "tenant":
      return id === tenantId;
    default:
      return false;
  }
}
