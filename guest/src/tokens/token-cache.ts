/**
 * The session token in a guest: in memory only, one at a time.
 *
 * [TK-1] A token that has expired by the issuer's clock is never handed out; within
 *        `EXPIRY_MARGIN_SECONDS` of it a read waits for the next one.
 * [TK-2] One request to the host at a time, whoever asks.
 * [TK-3] A token is never replaced by an older one, unless it is of no use any more.
 * [TK-4] A failure says why: SIGNED_OUT, OFFLINE, DENIED, HOST_GONE.
 * [TK-5] A token of another session or tenant is never handed out once the host has named the new
 *        one: a guest that loads its data anew at that moment would show the old tenant's.
 */
import {
  BridgeError,
  decodeSessionToken,
  EXPIRY_MARGIN_SECONDS,
  isTokenGrant,
  type DecodedToken,
  type GuestSession,
  type TokenGrant,
} from "@breezeway/shared";
import {
  createSkew,
  createStore,
  type Clock,
  type Readable,
  type Unsubscribe,
} from "@breezeway/shared/channel";

export interface TokenCache {
  /** A token with at least the margin left to live. */
  get(): Promise<string>;
  /** Another token than the one that a service has just refused. */
  replace(rejected: string): Promise<string>;
  claims(): DecodedToken | null;
  /** The issuer's time as far as it is known here, in epoch milliseconds. */
  now(): number;
  /** The token now, `null` when it has expired or is about to. */
  readonly current: Readable<string | null>;
  close(): void;
}

export interface TokenCacheDeps {
  readonly clock: Clock;
  /** What the host pushes. */
  readonly pushed: Readable<TokenGrant | null>;
  /** The session as the host names it. */
  readonly session: Readable<GuestSession | null>;
  /** Asks the host for a token, given the one that was refused, if any. */
  readonly request: (rejected: string | undefined) => Promise<unknown>;
}

export function createTokenCache(options: TokenCacheDeps): TokenCache {
  const { clock, pushed, session, request } = options;
  const skew = createSkew(clock);
  const latest = createStore<string | null>(null);
  let grant: TokenGrant | null = null;
  let flight: Promise<string> | undefined;

  const secondsLeft = ({ expiresAtSeconds }: TokenGrant): number =>
    expiresAtSeconds - skew.issuerNow() / 1000;

  const isUsable = (candidate: TokenGrant): boolean =>
    secondsLeft(candidate) > EXPIRY_MARGIN_SECONDS;

  const accept = (next: TokenGrant | null, askedAt?: number): void => {
    if (next) {
      skew.sample(next.nowMs, askedAt);
      if (grant && isUsable(grant) && next.issuedAtSeconds < grant.issuedAtSeconds) return;
    }
    grant = next;
    latest.set(next && next.token);
  };

  const ask = async (rejected?: string): Promise<string> => {
    const askedAt = clock.now();
    let answer: unknown;
    try {
      answer = await request(rejected);
    } catch (error) {
      throw whyNoToken(error);
    }
    if (!isTokenGrant(answer)) {
      throw new BridgeError("FRAME_MALFORMED", "The host sent a token that is not one.");
    }
    accept(answer, askedAt);
    if (isUsable(answer)) return answer.token;
    throw new BridgeError("OFFLINE", "The host has no fresh token at the moment.");
  };

  const share = (rejected?: string): Promise<string> => {
    flight ??= ask(rejected).finally(() => {
      flight = undefined;
    });
    return flight;
  };

  const subscriptions: readonly Unsubscribe[] = [
    pushed.subscribe((next) => {
      accept(next);
      // Dead when it comes: this clock was set, or the message slept. The host's answer tells which.
      if (next && !isUsable(next)) share().catch(() => undefined);
    }),
    session.subscribe((named) => {
      if (named && grant && !belongsTo(grant, named)) grant = null;
    }),
  ];

  const current: Readable<string | null> = {
    get current() {
      return grant && isUsable(grant) ? grant.token : null;
    },
    subscribe: (listener) => latest.subscribe(() => listener(current.current)),
  };

  return {
    current,
    async get() {
      return grant && isUsable(grant) ? grant.token : share();
    },
    async replace(rejected) {
      // Somebody else may have replaced it while this one was on its way to the service.
      if (grant && grant.token !== rejected && isUsable(grant)) return grant.token;
      return share(rejected);
    },
    now: () => skew.issuerNow(),
    claims: () => grant && decodeSessionToken(grant.token),
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      grant = null;
    },
  };
}

/** What a token does not say cannot tell it apart: only a claim that differs does. */
function belongsTo({ token }: TokenGrant, { handle, tenantId }: GuestSession): boolean {
  const { sid = handle, tenantId: tenant = tenantId } = decodeSessionToken(token).claims;
  return sid === handle && tenant === tenantId;
}

/** The reasons a caller can act on; an end of the channel means for tokens that the host is gone. */
function whyNoToken(error: unknown): unknown {
  if (!BridgeError.is(error)) return error;
  switch (error.code) {
    case "CHANNEL_LOST":
    case "CHANNEL_CLOSED":
    case "CALL_TIMEOUT":
      return new BridgeError("HOST_GONE", "The host is not there to give a token.", {
        cause: error,
      });
    default:
      return error;
  }
}
