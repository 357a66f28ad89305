/**
 * Revoked sessions and removed keys, as far as the gateway knows them, and the end of exchanges that they
 * concern.
 *
 * Rules:
 *  [REV-1] A request is refused from the moment the feed reports its session; no request waits for the feed.
 *  [REV-2] Open exchanges that a new entry names end within the same turn of the event loop.
 *  [REV-3] While the feed is lost, the lifetime of tokens bounds requests: a revoked session gets no new
 *          token. Open exchanges outlive tokens, so those whose token has expired end once the feed was
 *          lost for `MAX_LOSS_MS`. The issuer's log may no longer have entries that are older.
 */
import { BridgeError, TOKEN_LIMITS, type Clock } from "@breezeway/shared";
import type { Revocation, SessionClaims } from "@breezeway/shared/schemas";
import type { RevocationFeed, VerifiedSession } from "@breezeway/verify";
import type { OpenExchanges } from "./open-exchanges.ts";

export interface Revocations {
  isRevoked(claims: SessionClaims): boolean;
  /** Whether the issuer removed the key in an emergency. */
  isKeyRemoved(kid: string): boolean;
  /** @throws {BridgeError} KEY_UNKNOWN, SESSION_REVOKED */
  assertStands(session: VerifiedSession): void;
  readonly state: "off" | "connecting" | "live" | "lost" | "closed";
  /** Time since the feed's last heartbeat, or since the start; `undefined` without a feed. */
  readonly lagMs: number | undefined;
  close(): void;
}

export interface RevocationsDeps {
  readonly feed: RevocationFeed | undefined;
  readonly isRevoked: (claims: SessionClaims) => boolean;
  readonly open: Pick<OpenExchanges, "endWhere" | "onTick">;
  /** Called with the number of exchanges that were ended. */
  readonly onEnded: (count: number) => void;
  readonly clock: Pick<Clock, "now">;
}

/** The longest lifetime of a token. */
export const MAX_LOSS_MS: number = TOKEN_LIMITS.maxTtlSeconds * 1_000;

export function createRevocations(deps: RevocationsDeps): Revocations {
  const { feed, open, clock } = deps;
  const openedAtMs = clock.now();
  let batch: Revocation[] = [];

  const isRevoked = (claims: SessionClaims): boolean =>
    feed?.isRevoked(claims) === true || deps.isRevoked(claims);
  const isKeyRemoved = (kid: string): boolean => feed?.isKeyRemoved(kid) === true;

  const lagMs = (): number | undefined => {
    if (feed === undefined) return undefined;
    const { status } = feed;
    return clock.now() - ("heardAtMs" in status ? status.heardAtMs : openedAtMs);
  };

  const end = (test: (session: VerifiedSession) => boolean, error: () => BridgeError): void => {
    const count = open.endWhere(({ session }) => session !== undefined && test(session), error);
    if (count > 0) deps.onEnded(count);
  };

  const endRevoked = (): void => {
    const index = Map.groupBy(batch, keyOf);
    batch = [];
    end(({ claims }) => isNamed(index, claims), sessionRevoked);
    end(({ keyId }) => index.has(keyOf({ kind: "key", id: keyId })), keyRemoved);
  };

  const endUntrusted = (): void => {
    // After the wall clock was set forward, a live feed looks old.
    if (feed?.status.state === "live") return;
    if ((lagMs() ?? 0) <= MAX_LOSS_MS) return;
    const nowSeconds = clock.now() / 1_000;
    end(({ expiresAtSeconds }) => expiresAtSeconds < nowSeconds, feedLost);
  };

  const unsubscribe = feed?.subscribe((revocation) => {
    // A snapshot brings thousands of entries in one turn, and one pass over the exchanges is enough.
    if (batch.push(revocation) === 1) setImmediate(endRevoked);
  });
  open.onTick(endUntrusted);

  return {
    isRevoked,
    isKeyRemoved,
    assertStands: ({ claims, keyId }) => {
      if (isKeyRemoved(keyId)) throw keyRemoved();
      if (isRevoked(claims)) throw sessionRevoked();
    },
    get state() {
      return feed?.status.state ?? "off";
    },
    get lagMs() {
      return lagMs();
    },
    close: () => {
      unsubscribe?.();
      feed?.close();
    },
  };
}

function feedLost(): BridgeError {
  return new BridgeError("STORE_UNAVAILABLE", "The revocation feed is lost.");
}

function sessionRevoked(): BridgeError {
  return new BridgeError("SESSION_REVOKED", "The session was revoked.");
}

function keyRemoved(): BridgeError {
  return new BridgeError("KEY_UNKNOWN", "The issuer removed the key of this token.");
}

function keyOf({ kind, id }: Pick<Revocation, "kind" | "id">): string {
  return `${kind}:${id}`;
}

function isNamed(index: ReadonlyMap<string, Revocation[]>, claims: SessionClaims): boolean {
  const subjects: readonly Pick<Revocation, "kind" | "id">[] = [
    { kind: "session", id: claims.sid },
    { kind: "user", id: claims.userId },
    { kind: "tenant", id: claims.tenantId },
    { kind: "app", id: claims.aud },
  ];
  return subjects.some((subject) =>
    index.get(keyOf(subject))?.some((revocation) => appliesTo(revocation, claims)),
  );
}

function appliesTo({ kind, tenantId, atSeconds }: Revocation, claims: SessionClaims): boolean {
  if (tenantId !== undefined && tenantId !== claims.tenantId) return false;
  return kind === "session" || claims.iat <= atSeconds;
}
