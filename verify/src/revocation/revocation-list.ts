/** The known revocations, indexed for one lookup per request. */
import { TOKEN_LIMITS } from "@breezeway/shared";
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
  prune(nowSeconds: number): void;
  readonly size: number;
}

type Kind = Revocation["kind"];
type Times = Map<string, number>;

interface KindEntries {
  /** Id → epoch seconds. Tokens issued up to that moment are revoked. */
  readonly everywhere: Times;
  readonly inTenant: Map<string, Times>;
}

// The longest life of a token, plus a margin for clocks that differ.
const KEEP_SECONDS = TOKEN_LIMITS.maxTtlSeconds + TOKEN_LIMITS.maxClockSkewSeconds + 60;

const KINDS = ["session", "user", "tenant", "app", "key"] as const;

export function createRevocationList(): RevocationList {
  const entries: Record<Kind, KindEntries> = {
    session: { everywhere: new Map(), inTenant: new Map() },
    user: { everywhere: new Map(), inTenant: new Map() },
    tenant: { everywhere: new Map(), inTenant: new Map() },
    app: { everywhere: new Map(), inTenant: new Map() },
    key: { everywhere: new Map(), inTenant: new Map() },
  };

  function isMatched(kind: Kind, id: string, claims: SessionClaims): boolean {
    const { everywhere, inTenant } = entries[kind];
    const isHit = (times: Times | undefined): boolean => {
      const atSeconds = times?.get(id);
      // A revoked session stays revoked, whatever the iat of its tokens.
      return atSeconds !== undefined && (kind === "session" || claims.iat <= atSeconds);
    };
    return (
      (everywhere.size > 0 && isHit(everywhere)) ||
      (inTenant.size > 0 && isHit(inTenant.get(claims.tenantId)))
    );
  }

  const timesOfKind = (kind: Kind): Times[] => [
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
    add: ({ kind, id, tenantId, atSeconds }) => {
      const times = timesOf(entries[kind], tenantId);
      times.set(id, Math.max(atSeconds, times.get(id) ?? 0));
    },
    has: ({ kind, id, tenantId, atSeconds }) => {
      const { everywhere, inTenant } = entries[kind];
      const times = tenantId === undefined ? everywhere : inTenant.get(tenantId);
      return (times?.get(id) ?? -1) >= atSeconds;
    },
    prune: (nowSeconds) => {
      for (const kind of KINDS) {
        const keepSeconds = kind === "key" ? KEY_REMOVAL_SECONDS : KEEP_SECONDS;
        for (const times of timesOfKind(kind)) {
          for (const [id, atSeconds] of times) {
            if (atSeconds + keepSeconds < nowSeconds) times.delete(id);
          }
        }
      }
      for (const { inTenant } of Object.values(entries)) {
        for (const [tenantId, times] of inTenant) {
          if (times.size === 0) inTenant.delete(tenantId);
        }
      }
    },
    get size() {
      return KINDS.flatMap(timesOfKind).reduce((sum, times) => sum + times.size, 0);
    },
  };
}

function timesOf({ everywhere, inTenant }: KindEntries, tenantId: string | undefined): Times {
  if (tenantId === undefined) return everywhere;
  let times = inTenant.get(tenantId);
  if (times === undefined) inTenant.set(tenantId, (times = new Map()));
  return times;
}
