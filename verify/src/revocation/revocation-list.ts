/**
 * The known revocations, indexed for one lookup per request.
 *
 * A token from before an entry is revoked. The numbers of the issuer's log decide what was before,
 * since clocks differ and jump. Times decide only where a number is missing or of another log.
 */
import { TOKEN_LIMITS, type Clock } from "@breezeway/shared";
import {
  KEY_REMOVAL_SECONDS,
  type Revocation,
  type SessionClaims,
} from "@breezeway/shared/schemas";

export interface RevocationList {
  isRevoked(claims: SessionClaims): boolean;
  isKeyRemoved(kid: string): boolean;
  add(revocation: Revocation): void;
  /** Whether adding the entry would change nothing. */
  has(revocation: Revocation): boolean;
  /** Drops entries that no unexpired token can match. */
  prune(): void;
  readonly size: number;
}

export interface RevocationListDeps {
  readonly clock: Pick<Clock, "monotonic">;
  /**
   * Tokens with an `iat` up to this second may have numbers of another log, since the issuer's database
   * was replaced. Default: there are no such tokens.
   */
  readonly renumberedAtSeconds?: number | undefined;
}

type Kind = Revocation["kind"];

/** What the entries of one subject say together. */
interface Entry {
  /** Epoch seconds. Tokens issued up to that moment are revoked. */
  readonly atSeconds: number;
  /** Tokens that respect only lower numbers are revoked. Times decide when it is absent. */
  readonly seq: number | undefined;
  /** By the monotonic clock. The clock that wrote `atSeconds` may have been wrong. */
  readonly heardAtMs: number;
}

type Entries = Map<string, Entry>;

interface KindEntries {
  readonly everywhere: Entries;
  readonly inTenant: Map<string, Entries>;
}

// The longest life of a token, plus a margin for clocks that differ.
const KEEP_SECONDS = TOKEN_LIMITS.maxTtlSeconds + TOKEN_LIMITS.maxClockSkewSeconds + 60;

const KINDS = ["session", "user", "tenant", "app", "key"] as const;

export function createRevocationList(deps: RevocationListDeps): RevocationList {
  const { clock, renumberedAtSeconds = -1 } = deps;
  const entries: Record<Kind, KindEntries> = {
    session: { everywhere: new Map(), inTenant: new Map() },
    user: { everywhere: new Map(), inTenant: new Map() },
    tenant: { everywhere: new Map(), inTenant: new Map() },
    app: { everywhere: new Map(), inTenant: new Map() },
    key: { everywhere: new Map(), inTenant: new Map() },
  };

  const isBefore = ({ seq, atSeconds }: Entry, { rev, iat }: SessionClaims): boolean =>
    seq === undefined || rev === undefined || iat <= renumberedAtSeconds
      ? iat <= atSeconds
      : rev < seq;

  function isMatched(kind: Kind, id: string, claims: SessionClaims): boolean {
    const { everywhere, inTenant } = entries[kind];
    const isHit = (known: Entries | undefined): boolean => {
      const entry = known?.get(id);
      // A revoked session stays revoked, whatever its tokens say.
      return entry !== undefined && (kind === "session" || isBefore(entry, claims));
    };
    return (
      (everywhere.size > 0 && isHit(everywhere)) ||
      (inTenant.size > 0 && isHit(inTenant.get(claims.tenantId)))
    );
  }

  const entriesOfKind = (kind: Kind): Entries[] => [
    entries[kind].everywhere,
    ...entries[kind].inTenant.values(),
  ];

  return {
    isRevoked: (claims) =>
      isMatched("session", claims.sid, claims) ||
      isMatched("user", claims.userId, claims) ||
      isMatched("tenant", claims.tenantId, claims) ||
      isMatched("app", claims.aud, claims),
    isKeyRemoved: (kid) => entries.key.everywhere.has(kid),
    add: (revocation) => {
      const { kind, id, tenantId } = revocation;
      const known = entriesOf(entries[kind], tenantId);
      known.set(id, joined(known.get(id), revocation, clock.monotonic()));
    },
    has: ({ kind, id, tenantId, atSeconds, seq = -1 }) => {
      const { everywhere, inTenant } = entries[kind];
      const known = (tenantId === undefined ? everywhere : inTenant.get(tenantId))?.get(id);
      return known !== undefined && known.atSeconds >= atSeconds && (known.seq ?? seq) >= seq;
    },
    prune: () => {
      const nowMs = clock.monotonic();
      for (const kind of KINDS) {
        const keepMs = (kind === "key" ? KEY_REMOVAL_SECONDS : KEEP_SECONDS) * 1_000;
        for (const known of entriesOfKind(kind)) {
          for (const [id, { heardAtMs }] of known) {
            if (heardAtMs + keepMs < nowMs) known.delete(id);
          }
        }
      }
      for (const { inTenant } of Object.values(entries)) {
        for (const [tenantId, known] of inTenant) {
          if (known.size === 0) inTenant.delete(tenantId);
        }
      }
    },
    get size() {
      return KINDS.flatMap(entriesOfKind).reduce((sum, known) => sum + known.size, 0);
    },
  };
}

function joined(
  before: Entry | undefined,
  { atSeconds, seq }: Revocation,
  heardAtMs: number,
): Entry {
  if (!before) return { atSeconds, seq, heardAtMs };
  return {
    atSeconds: Math.max(before.atSeconds, atSeconds),
    seq: before.seq === undefined || seq === undefined ? undefined : Math.max(before.seq, seq),
    heardAtMs,
  };
}

function entriesOf({ everywhere, inTenant }: KindEntries, tenantId: string | undefined): Entries {
  if (tenantId === undefined) return everywhere;
  let known = inTenant.get(tenantId);
  if (known === undefined) inTenant.set(tenantId, (known = new Map()));
  return known;
}
