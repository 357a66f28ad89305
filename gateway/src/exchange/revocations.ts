/**
 * What the gateway knows of revoked sessions and removed keys, and what it does when it hears of one.
 *
 * Rules:
 *  [REV-1] A request is refused as soon as the feed has said so; no request waits for the feed.
 *  [REV-2] Open exchanges that a new entry names are ended, within the turn of the event loop.
 *  [REV-3] While the feed is lost, requests are bounded by the life of their tokens: a revoked
 *          session gets no new one. Open exchanges live longer than tokens, so those whose token has
 *          expired are ended once the feed was lost for `MAX_LOSS_MS`: entries that old may be gone
 *          from the issuer's log when the feed comes back.
 */
import { BridgeError, TOKEN_LIMITS } from "@breezeway/shared";
import type { Revocation, SessionClaims } from "@breezeway/shared/schemas";
import type { RevocationFeed, VerifiedSession } from "@breezeway/verify";
import type { OpenExchange, OpenExchanges } from "./open-exchanges.ts";

export interface Revocations {
  isRevoked(claims: SessionClaims): boolean;
  /** Whether the issuer has removed the key in an emergency. */
  isKeyRemoved(kid: string): boolean;
  /** @throws {BridgeError} KEY_UNKNOWN, SESSION_REVOKED */
  assertStands(session: VerifiedSession): void;
  readonly state: "off" | "connecting" | "live" | "lost" | "closed";
  /** Since the issuer's last sign of life, or since the start; `undefined` without a feed. */
  readonly lagMs: number | undefined;
  /** Called now and then: ends what has become too old to trust. */
  tick(): void;
  close(): void;
}

export interface RevocationsOptions {
  readonly feed: RevocationFeed | undefined;
  readonly isRevoked: (claims: SessionClaims) => boolean;
  readonly open: () => Pick<OpenExchanges, "endWhere">;
  /** Told how many open exchanges were ended. */
  readonly onEnded: (count: number) => void;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

export const MAX_LOSS_MS: number = TOKEN_LIMITS.maxTtlSeconds * 1_000;

export function createRevocations(options: RevocationsOptions): Revocations {
  const { feed, clock } = options;
  const openedAtMs = clock();
  let batch: Revocation[] = [];

  const unsubscribe = feed?.subscribe((revocation) => {
    // A snapshot brings thousands of entries in one turn: look at the open exchanges once.
    if (batch.push(revocation) === 1) setImmediate(endRevoked);
  });

  function endRevoked(): void {
    const index = Map.groupBy(batch, keyOf);
    batch = [];
    end(({ session }) => session !== undefined && isNamed(index, session.claims), sessionRevoked);
    end(
      ({ session }) =>
        session !== undefined && index.has(keyOf({ kind: "key", id: session.keyId })),
      keyRemoved,
    );
  }

  function end(test: (exchange: OpenExchange) => boolean, error: () => BridgeError): void {
    const count = options.open().endWhere(test, error);
    if (count > 0) options.onEnded(count);
  }

  const lagMs = (): number | undefined => {
    if (feed === undefined) return undefined;
    const { status } = feed;
    return clock() - ("heardAtMs" in status ? status.heardAtMs : openedAtMs);
  };

  const isRevoked = (claims: SessionClaims): boolean =>
    feed?.isRevoked(claims) === true || options.isRevoked(claims);
  const isKeyRemoved = (kid: string): boolean => feed?.isKeyRemoved(kid) === true;

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
    tick: () => {
      // A clock that was set forward makes a feed look old that is well.
      if (feed?.status.state === "live") return;
      if ((lagMs() ?? 0) <= MAX_LOSS_MS) return;
      const nowSeconds = clock() / 1_000;
      end(
        ({ session }) => session !== undefined && session.expiresAtSeconds < nowSeconds,
        () => new BridgeError("STORE_UNAVAILABLE", "The revocation feed is lost."),
      );
    },
    close: () => {
      unsubscribe?.();
      feed?.close();
    },
  };
}

function sessionRevoked(): BridgeError {
  return new BridgeError("SESSION_REVOKED", "The session was revoked.");
}

function keyRemoved(): BridgeError {
  return new BridgeError("KEY_UNKNOWN", "The issuer has removed the key of the token.");
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
