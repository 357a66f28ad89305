/**
 * The session token of one app on the host's side.
 *
 * [AT-1] One mint at a time, whoever asks.
 * [AT-2] While a guest wants tokens pushed, the next one is minted ahead of expiry, at a moment with
 *        jitter so that apps and tabs spread.
 * [AT-3] A token of an ended or changed session is forgotten at once, also one that is on its way.
 * [AT-4] A guest that says its token was refused gets another, but not more often than once in
 *        `MIN_REPLACE_MS`: its word must not become a flood of mints.
 */
import { BridgeError, decodeSessionToken, TOKEN_LIMITS, type TokenGrant } from "@breezeway/shared";
import type { TokenResponse } from "@breezeway/shared/schemas";
import type { Clock, Skew, Unsubscribe } from "@breezeway/shared/channel";

export interface AppTokens {
  /** @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED */
  get(): Promise<TokenGrant>;
  /** @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED */
  replace(rejected: string): Promise<TokenGrant>;
  /** Keeps the token fresh until it is released, and tells of each new one. */
  follow(listener: (grant: TokenGrant) => void): Unsubscribe;
  /** Forgets the token; followers get one of the new session as soon as there is one. */
  reset(isSignedIn: boolean): void;
  close(): void;
}

export interface AppTokensOptions {
  readonly mint: () => Promise<TokenResponse>;
  readonly clock: Clock;
  readonly skew: Skew;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

type Grant = Omit<TokenGrant, "nowMs">;

const MIN_REPLACE_MS = 1_000;
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

export function createAppTokens(options: AppTokensOptions): AppTokens {
  const { clock, skew, random } = options;
  const followers = new Set<(grant: TokenGrant) => void>();
  let grant: Grant | undefined;
  let flight: Promise<TokenGrant> | undefined;
  let mintedAt = -Infinity;
  let timer: unknown;
  let retryMs = RETRY_MS;
  let epoch = 0;
  let isClosed = false;

  const msLeft = ({ expiresAtSeconds }: Grant): number =>
    expiresAtSeconds * 1000 - skew.issuerNow();

  const isUsable = (candidate: Grant): boolean =>
    msLeft(candidate) > TOKEN_LIMITS.expiryMarginSeconds * 1000;

  const stamped = (value: Grant): TokenGrant => ({ ...value, nowMs: skew.issuerNow() });

  const mint = async (): Promise<TokenGrant> => {
    const mine = epoch;
    const answer = await options.mint();
    // Whoever waits for it wants a token of the session that is now.
    if (mine !== epoch) return share();
    const next = readGrant(answer);
    skew.sample(next.issuedAtSeconds * 1000);
    if (!isUsable(next)) skew.restart(next.issuedAtSeconds * 1000);
    mintedAt = clock.monotonic();
    retryMs = RETRY_MS;
    grant = next;
    for (const tell of followers) tell(stamped(next));
    return stamped(next);
  };

  const share = (): Promise<TokenGrant> => {
    flight ??= launch();
    return flight;
  };

  const launch = (): Promise<TokenGrant> => {
    const mine = mint().finally(() => {
      if (flight !== mine) return;
      flight = undefined;
      schedule();
    });
    return mine;
  };

  const schedule = (): void => {
    clock.clearTimer(timer);
    timer = undefined;
    if (isClosed || followers.size === 0) return;
    timer = clock.setTimer(refreshAhead, grant && isUsable(grant) ? untilRefresh(grant) : retryMs);
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
    share().catch((error: unknown) => {
      // Signed out and denied do not mend by themselves; `reset` starts anew after a sign-in.
      const isFinal = BridgeError.is(error) && !error.retryable;
      if (isFinal) {
        clock.clearTimer(timer);
        return;
      }
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    });
  };

  return {
    async get() {
      return grant && isUsable(grant) ? stamped(grant) : share();
    },
    async replace(rejected) {
      const isReplaced = grant && grant.token !== rejected && isUsable(grant);
      const isTooSoon = grant && isUsable(grant) && clock.monotonic() - mintedAt < MIN_REPLACE_MS;
      return grant && (isReplaced || isTooSoon) ? stamped(grant) : share();
    },
    follow(listener) {
      followers.add(listener);
      if (followers.size === 1 && flight === undefined) schedule();
      return () => {
        followers.delete(listener);
        if (followers.size === 0) schedule();
      };
    },
    reset(isSignedIn) {
      epoch += 1;
      grant = undefined;
      flight = undefined;
      clock.clearTimer(timer);
      if (isSignedIn && followers.size > 0) refreshAhead();
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

// The issuer's own word about the issuer's own token; nothing is decided by it but when to renew.
function readGrant({ token, expiresAt }: TokenResponse): Grant {
  const { iat } = decodeSessionToken(token).claims;
  return {
    token,
    expiresAtSeconds: expiresAt,
    issuedAtSeconds: typeof iat === "number" ? iat : expiresAt - TOKEN_LIMITS.defaultTtlSeconds,
  };
}
