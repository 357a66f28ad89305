/**
 * Caches the session token of a guest. The host renews it: it pushes each new token, and answers a
 * request when the cached one is stale. One token at a time, in memory only.
 *
 * [TK-1] A token that has expired by the issuer's clock is never handed out. Within
 *        `EXPIRY_MARGIN_SECONDS` of its expiry a read waits for the next token.
 * [TK-2] Requests to the host are single flight.
 * [TK-3] A token is never replaced by an older one while it is usable.
 * [TK-4] A failure has its reason as code: SIGNED_OUT, OFFLINE, DENIED, HOST_GONE.
 * [TK-5] A token of another session or tenant is never handed out once the host has named the new
 *        one. A guest that reloads its data at that moment would otherwise show the old tenant's.
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
import { WORDS } from "@breezeway/shared/words";

export interface TokenCache {
  /** Resolves to a token that is valid for at least `EXPIRY_MARGIN_SECONDS`. */
  get(): Promise<string>;
  /** Resolves to another token than the one that a service has just rejected. */
  replace(rejected: string): Promise<string>;
  claims(): DecodedToken | null;
  /** Estimate of the issuer's time in epoch milliseconds. */
  now(): number;
  /** The current token; `null` when it has expired or is about to. */
  readonly current: Readable<string | null>;
  close(): void;
}

export interface TokenCacheDeps {
  readonly clock: Clock;
  /** Tokens that the host pushes. */
  readonly pushed: Readable<TokenGrant | null>;
  /** The session that the host names. */
  readonly session: Readable<GuestSession | null>;
  /** Requests a token from the host, with the rejected token if there is one. */
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
      throw new BridgeError("FRAME_MALFORMED", WORDS && "The host sent a malformed token.");
    }
    accept(answer, askedAt);
    if (isUsable(answer)) return answer.token;
    throw new BridgeError("OFFLINE", WORDS && "The host has no fresh token at the moment.");
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
      // A token that arrives stale means that this clock was set or the message was delayed. The
      // answer to a request shows which.
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
      // Another caller may have replaced the token in the meantime.
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

/** A token without these claims belongs to any session. */
function belongsTo({ token }: TokenGrant, { handle, tenantId }: GuestSession): boolean {
  const { sid = handle, tenantId: tenant = tenantId } = decodeSessionToken(token).claims;
  return sid === handle && tenant === tenantId;
}

/** Maps the end of a channel to HOST_GONE. All other reasons stay as they are. */
function whyNoToken(error: unknown): unknown {
  if (!BridgeError.is(error)) return error;
  switch (error.code) {
    case "CHANNEL_LOST":
    case "CHANNEL_CLOSED":
    case "CALL_TIMEOUT":
      return new BridgeError("HOST_GONE", WORDS && "The host is not reachable for a token.", {
        cause: error,
      });
    default:
      return error;
  }
}
