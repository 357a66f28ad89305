/**
 * The current token of one app.
 *
 * [AT-5] A token is never replaced by an older one, unless it is unusable.
 */
import { decodeSessionToken } from "../tokens/decode.ts";
import { EXPIRY_MARGIN_SECONDS, TOKEN_LIMITS } from "../limits.ts";
import type { TokenGrant } from "../protocol/session.ts";
import type { TokenResponse } from "../schemas/auth-api.ts";
import type { Skew } from "../channel/skew.ts";

export type Grant = Omit<TokenGrant, "nowMs">;

export interface HeldToken {
  /** The current token, while it is usable: not expired, and not about to expire. */
  readonly usable: Grant | undefined;
  isUsable(grant: Grant): boolean;
  /** Milliseconds until the token expires, by the issuer's clock. */
  msLeft(grant: Grant): number;
  /** The token with the present time of the issuer's clock. */
  stamped(grant: Grant): TokenGrant;
  /** Takes the token, unless the current one is newer. @returns The current token. */
  take(next: Grant): Grant;
  forget(): void;
  /** Calls the listener after each token that was taken. */
  subscribe(listener: (grant: Grant) => void): void;
}

export function createHeldToken(skew: Skew): HeldToken {
  const listeners: ((grant: Grant) => void)[] = [];
  let held: Grant | undefined;

  const msLeft = ({ expiresAtSeconds }: Grant): number =>
    expiresAtSeconds * 1000 - skew.issuerNow();

  const isUsable = (grant: Grant): boolean => msLeft(grant) > EXPIRY_MARGIN_SECONDS * 1000;

  return {
    get usable() {
      return held && isUsable(held) ? held : undefined;
    },
    isUsable,
    msLeft,
    stamped: (grant) => ({ ...grant, nowMs: skew.issuerNow() }),
    take(next) {
      if (held && isUsable(held) && next.issuedAtSeconds < held.issuedAtSeconds) return held;
      held = next;
      for (const listener of listeners) listener(next);
      return held;
    },
    forget() {
      held = undefined;
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}

/** Reads times of a token without verifying it: they only decide when the host renews it. */
export function readGrant({ token, expiresAt }: TokenResponse): Grant {
  const { iat } = decodeSessionToken(token).claims;
  return {
    token,
    expiresAtSeconds: expiresAt,
    issuedAtSeconds: typeof iat === "number" ? iat : expiresAt - TOKEN_LIMITS.defaultTtlSeconds,
  };
}
