/**
 * The session token of one app on the host's side.
 *
 * [AT-1] One mint at a time, whoever asks.
 * [AT-2] While a guest wants tokens pushed and somebody can see the page, the next one is minted
 *        ahead of expiry, at a moment with jitter so that apps and tabs spread.
 * [AT-3] A token of an ended or changed session is forgotten at once, also one that is on its way.
 * [AT-4] A guest that says its token was refused gets another, but not more often than once in
 *        `MIN_REPLACE_MS`: its word must not become a flood of mints.
 * [AT-5] A token is never replaced by an older one, unless it is of no use any more.
 * [AT-6] A token that dies on its way to the host is not handed out.
 * [AT-7] What the issuer refuses, since the app may not have it or nobody is signed in, is refused
 *        for `REFUSED_MS` without asking again: a guest that asks in a loop must not use up what the
 *        issuer takes from the person's address. Whatever may have changed the answer ends it:
 *        another session or tenant, other rights, other installations.
 */
import {
  BridgeError,
  decodeSessionToken,
  EXPIRY_MARGIN_SECONDS,
  TOKEN_LIMITS,
  type TokenGrant,
} from "@breezeway/shared";
import type { TokenResponse } from "@breezeway/shared/schemas";
import type { Clock, Skew, Unsubscribe } from "@breezeway/shared/channel";

export interface TokenSource {
  /** @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED */
  get(): Promise<TokenGrant>;
  /** @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED */
  replace(rejected: string): Promise<TokenGrant>;
  /** Keeps the token fresh until it is released, and tells of each new one. */
  follow(follower: TokenFollower): Unsubscribe;
  /** Another tab has minted this one, for the same session. */
  offer(answer: TokenResponse): void;
  /** Forgets the token; followers get one of the new session as soon as there is one. */
  reset(isSignedIn: boolean): void;
  /** That the app may not have one may be out of date: apps of the tenant were installed. */
  reconsider(): void;
  /** The page has come into view, or a guest has come: what was left undone is done now. */
  wake(): void;
  close(): void;
}

export interface TokenFollower {
  /** False for a guest that asks when it needs one. */
  readonly wantsTokens: boolean;
  onToken(grant: TokenGrant): void;
}

export interface TokenSourceOptions {
  readonly mint: () => Promise<TokenResponse>;
  readonly clock: Clock;
  readonly skew: Skew;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly isVisible: () => boolean;
}

type Grant = Omit<TokenGrant, "nowMs">;

const MIN_REPLACE_MS = 1_000;
const REFUSED_MS = 5_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { clock, skew, random } = options;
  const followers = new Set<TokenFollower>();
  let grant: Grant | undefined;
  let flight: Promise<TokenGrant> | undefined;
  let mintedAt = -Infinity;
  let timer: unknown;
  let retryMs = FIRST_RETRY_MS;
  let epoch = 0;
  /** The last mint failed: the next attempt waits, however little the token has left. */
  let hasFailed = false;
  /** Signed out or denied: nothing to be had before `reset`. */
  let isHopeless = false;
  /** How often it was said that a denial may be out of date. */
  let changes = 0;
  let refusal: { readonly error: BridgeError; readonly untilMs: number } | undefined;
  let isClosed = false;

  const msLeft = ({ expiresAtSeconds }: Grant): number =>
    expiresAtSeconds * 1000 - skew.issuerNow();

  const isUsable = (candidate: Grant): boolean => msLeft(candidate) > EXPIRY_MARGIN_SECONDS * 1000;

  const stamped = (value: Grant): TokenGrant => ({ ...value, nowMs: skew.issuerNow() });

  const take = (next: Grant): void => {
    if (grant && isUsable(grant) && next.issuedAtSeconds < grant.issuedAtSeconds) return;
    grant = next;
    retryMs = FIRST_RETRY_MS;
    hasFailed = false;
    isHopeless = false;
    refusal = undefined;
    for (const follower of followers) {
      if (follower.wantsTokens) follower.onToken(stamped(next));
    }
  };

  /** A denial that a change overtakes is of no use: it is asked for again, unless `reset` has done so. */
  const ask = async (mine: number): Promise<TokenResponse> => {
    for (;;) {
      const asked = changes;
      try {
        return await options.mint();
      } catch (error) {
        if (asked === changes || mine !== epoch || !isDenial(error)) throw error;
      }
    }
  };

  const mint = async (isAgain = false): Promise<TokenGrant> => {
    const mine = epoch;
    const askedAt = clock.now();
    const next = readGrant(await ask(mine));
    // Whoever waits for it wants a token of the session that is now.
    if (mine !== epoch) return fresh();
    // `iat` is cut to the second.
    skew.sample(next.issuedAtSeconds * 1000, askedAt - 1000);
    if (!isUsable(next)) {
      // It has died on its way, as when the device slept meanwhile.
      if (!isAgain) return mint(true);
      throw new BridgeError("OFFLINE", "The issuer's answers take longer than its tokens live.");
    }
    mintedAt = clock.monotonic();
    take(next);
    return stamped(grant ?? next);
  };

  const fresh = async (): Promise<TokenGrant> =>
    grant && isUsable(grant) ? stamped(grant) : share();

  const share = (): Promise<TokenGrant> => {
    if (isClosed) return Promise.reject(new BridgeError("HOST_GONE", "The host was closed."));
    if (flight) return flight;
    if (refusal && clock.monotonic() < refusal.untilMs) return Promise.reject(refusal.error);
    const mine = mint();
    flight = mine;
    const settle = (isFailure: boolean): void => {
      if (flight !== mine) return;
      flight = undefined;
      hasFailed = isFailure;
      schedule();
    };
    mine.then(
      () => settle(false),
      (error: unknown) => {
        if (flight === mine && isRefusal(error)) {
          refusal = { error, untilMs: clock.monotonic() + REFUSED_MS };
        }
        settle(true);
      },
    );
    return mine;
  };

  const isWanted = (): boolean => {
    for (const { wantsTokens } of followers) if (wantsTokens) return true;
    return false;
  };

  const schedule = (): void => {
    clock.clearTimer(timer);
    timer = undefined;
    if (isClosed || isHopeless || !isWanted()) return;
    const current = hasFailed ? undefined : grant;
    const isFine = current !== undefined && isUsable(current);
    timer = clock.setTimer(refreshAhead, isFine ? untilRefresh(current) : retryMs);
  };

  const untilRefresh = (current: Grant): number => {
    const life = (current.expiresAtSeconds - current.issuedAtSeconds) * 1000;
    const ahead = Math.max(
      TOKEN_LIMITS.minRefreshAheadSeconds * 1000,
      life * TOKEN_LIMITS.refreshAheadFraction,
    );
    // Up to a tenth of the life earlier; never later.
    return Math.max(0, msLeft(current) - ahead - random() * life * TOKEN_LIMITS.ttlJitter);
  };

  const refreshAhead = (): void => {
    clock.clearTimer(timer);
    timer = undefined;
    if (!options.isVisible() || !isWanted()) return;
    share().catch((error: unknown) => {
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      if (!BridgeError.is(error) || error.retryable) return;
      isHopeless = true;
      schedule();
    });
  };

  return {
    get: fresh,
    async replace(rejected) {
      const isReplaced = grant && grant.token !== rejected && isUsable(grant);
      const isTooSoon = grant && isUsable(grant) && clock.monotonic() - mintedAt < MIN_REPLACE_MS;
      return grant && (isReplaced || isTooSoon) ? stamped(grant) : share();
    },
    follow(follower) {
      followers.add(follower);
      return () => {
        followers.delete(follower);
        if (followers.size === 0) schedule();
      };
    },
    offer(answer) {
      const next = readGrant(answer);
      if (!isUsable(next)) return;
      take(next);
      schedule();
    },
    reset(isSignedIn) {
      epoch += 1;
      grant = undefined;
      flight = undefined;
      isHopeless = !isSignedIn;
      refusal = undefined;
      clock.clearTimer(timer);
      timer = undefined;
      if (isSignedIn && !isClosed) refreshAhead();
    },
    reconsider() {
      changes += 1;
      // Of a sign-in `reset` tells: two mints at once would come of it.
      if (!isDenial(refusal?.error)) return;
      refusal = undefined;
      isHopeless = false;
      if (!isClosed) refreshAhead();
    },
    wake() {
      if (flight || isClosed || isHopeless || !isWanted()) return;
      if (grant && isUsable(grant) && untilRefresh(grant) > 0) schedule();
      else refreshAhead();
    },
    close() {
      isClosed = true;
      epoch += 1;
      grant = undefined;
      followers.clear();
      clock.clearTimer(timer);
    },
  };
}

function isRefusal(error: unknown): error is BridgeError {
  return isDenial(error) || (BridgeError.is(error) && error.code === "SIGNED_OUT");
}

function isDenial(error: unknown): error is BridgeError {
  return BridgeError.is(error) && error.code === "DENIED";
}

// The issuer's own word about the issuer's own token; nothing is decided by it but when to renew.
function readGrant({ token, expiresAt }: TokenResponse): Grant {
  const { iat } = decodeSessionToken(token).claims;
  return {
    token,
    expiresAtSeconds: expiresAt,
    issuedAtSeconds: typeof iat === "number" ? iat : expiresAt - TOKEN_LIMITS.defaultTtlSeconds,
  };
}
