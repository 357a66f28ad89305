/**
 * Revoked sessions and removed keys, as far as the gateway knows them, and the end of exchanges that they
 * concern.
 *
 * Rules:
 *  [REV-1] A request is refused from the moment the feed reports its session; no request waits for the feed.
 *  [REV-2] Open exchanges that a new entry names end in the next turns of the event loop, some in each. The
 *          cost of an entry follows the exchanges that it names, not those that are open.
 *  [REV-3] While the feed is lost, the lifetime of tokens bounds requests: a revoked session gets no new
 *          token. Open exchanges outlive tokens, so those whose token has expired end once the feed was
 *          lost for `MAX_LOSS_MS`. The issuer's log may no longer have entries that are older.
 */
import { BridgeError, TOKEN_LIMITS, type Clock } from "@breezeway/shared";
import type { SessionClaims } from "@breezeway/shared/schemas";
import type { RevocationFeed, VerifiedSession } from "@breezeway/verify";
import { nameOf, type OpenExchange, type OpenExchanges } from "./open-exchanges.ts";

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
  readonly open: Pick<OpenExchanges, "endWhere" | "named" | "onTick">;
  /** Called with the number of exchanges that were ended. */
  readonly onEnded: (count: number) => void;
  readonly clock: Pick<Clock, "now">;
}

/** The longest lifetime of a token. */
export const MAX_LOSS_MS: number = TOKEN_LIMITS.maxTtlSeconds * 1_000;

/** Exchanges that end in one turn: each closes its connections, which takes some microseconds. */
const SLICE = 100;

export function createRevocations(deps: RevocationsDeps): Revocations {
  const { feed, open, clock } = deps;
  let heard = new Set<string>();
  let due: OpenExchange[] = [];

  const isRevoked = (claims: SessionClaims): boolean =>
    feed?.isRevoked(claims) === true || deps.isRevoked(claims);
  const isKeyRemoved = (kid: string): boolean => feed?.isKeyRemoved(kid) === true;

  const rejectionOf = ({ claims, keyId }: VerifiedSession): BridgeError | undefined => {
    if (isKeyRemoved(keyId)) return keyRemoved();
    return isRevoked(claims) ? sessionRevoked() : undefined;
  };

  const endSlice = (): void => {
    let count = 0;
    for (const exchange of due.splice(0, SLICE)) {
      const { session, place } = exchange;
      const error = place === -1 || session === undefined ? undefined : rejectionOf(session);
      if (error === undefined) continue;
      exchange.end(error);
      count += 1;
    }
    if (count > 0) deps.onEnded(count);
    if (due.length > 0) setImmediate(endSlice);
  };

  const findConcerned = (): void => {
    const isEnding = due.length > 0;
    due.push(...open.named(heard));
    heard = new Set();
    if (!isEnding) endSlice();
  };

  const endUntrusted = (): void => {
    // After the wall clock was set forward, a live feed looks old.
    if (feed?.status.state === "live") return;
    if ((feed?.silentMs ?? 0) <= MAX_LOSS_MS) return;
    const nowSeconds = clock.now() / 1_000;
    const count = open.endWhere(
      ({ session }) => session !== undefined && session.expiresAtSeconds < nowSeconds,
      feedLost,
    );
    if (count > 0) deps.onEnded(count);
  };

  const unsubscribe = feed?.subscribe(({ kind, id }) => {
    // A snapshot brings thousands of entries in one turn.
    if (heard.size === 0) setImmediate(findConcerned);
    heard.add(nameOf(kind, id));
  });
  open.onTick(endUntrusted);

  return {
    isRevoked,
    isKeyRemoved,
    assertStands: (session) => {
      const error = rejectionOf(session);
      if (error !== undefined) throw error;
    },
    get state() {
      return feed?.status.state ?? "off";
    },
    get lagMs() {
      return feed?.silentMs;
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
