/**
 * The session tokens of one app on the host's side, for the guests in its frames. It puts together the
 * current token (`held-token.ts`), the mints (`token-minter.ts`), the renewal ahead of expiry
 * (`token-renewal.ts`), and the followers that get each new token.
 *
 * [AT-4] A guest that reports its token as rejected gets another one, at most once per
 *        `MIN_REPLACE_MS`: such reports must not become a flood of mints.
 */
import type { TokenGrant } from "../protocol/session.ts";
import type { TokenResponse } from "../schemas/auth-api.ts";
import type { Clock } from "../clock.ts";
import type { Skew } from "../channel/skew.ts";
import type { Unsubscribe } from "../channel/store.ts";
import { createHeldToken, readGrant } from "./held-token.ts";
import { createTokenMinter, type Mint } from "./token-minter.ts";
import { createTokenRenewal } from "./token-renewal.ts";

export interface TokenSource {
  /** The current token, if it is usable. Mints nothing. */
  peek(): TokenGrant | null;
  /** @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED */
  get(): Promise<TokenGrant>;
  /**
   * A token other than the rejected one.
   *
   * @throws {BridgeError} SIGNED_OUT, OFFLINE, DENIED
   */
  replace(rejected: string): Promise<TokenGrant>;
  /** Keeps the token fresh until the subscription ends, and passes each new token to the follower. */
  follow(follower: TokenFollower): Unsubscribe;
  /** Mints a token that somebody is about to want, unless there is one. Never rejects: `get` has the error. */
  prefetch(): Promise<void>;
  /** Resolves when the mint in flight, if there is one, has ended. Never rejects. */
  settled(): Promise<void>;
  /** Takes a token that another tab has minted for the same session. */
  offer(answer: TokenResponse): void;
  /** Forgets the token. Followers get a token of the new session as soon as there is one. */
  reset(isSignedIn: boolean): void;
  /** Starts over, as `reset` does, when the current token is of another session than the one that is known now. */
  discardUnless(isOfSession: (token: string) => boolean): void;
  /** Asks again after a denial: the tenant's apps have changed. */
  reconsider(): void;
  /** Does what was left undone while the page was hidden or no guest wanted tokens. */
  wake(): void;
  close(): void;
}

export interface TokenFollower {
  /** `false` for a guest that asks when it needs a token. */
  readonly wantsTokens: boolean;
  onToken(grant: TokenGrant): void;
}

export interface TokenSourceDeps {
  readonly mint: Mint;
  readonly clock: Clock;
  readonly skew: Skew;
  /** Returns 0 ≤ x < 1. */
  readonly random: () => number;
  readonly isVisible: () => boolean;
}

const MIN_REPLACE_MS = 1_000;

export function createTokenSource(deps: TokenSourceDeps): TokenSource {
  const { clock, skew, random, isVisible } = deps;
  const followers = new Set<TokenFollower>();
  const held = createHeldToken(skew);
  const minter = createTokenMinter({ mint: deps.mint, clock, skew, held });
  const renewal = createTokenRenewal({
    held,
    minter,
    clock,
    random,
    isVisible,
    isWanted: () => [...followers].some(({ wantsTokens }) => wantsTokens),
  });

  held.subscribe((grant) => {
    minter.forgetRefusal();
    for (const follower of followers) {
      if (follower.wantsTokens) follower.onToken(held.stamped(grant));
    }
  });

  const reset = (isSignedIn: boolean): void => {
    held.forget();
    minter.reset();
    renewal.reset(isSignedIn);
  };

  return {
    peek: () => (held.usable ? held.stamped(held.usable) : null),
    async get() {
      return held.usable ? held.stamped(held.usable) : minter.mint();
    },
    async replace(rejected) {
      const current = held.usable;
      const isTooSoon = clock.monotonic() - minter.mintedAt < MIN_REPLACE_MS;
      const isOther = current?.token !== rejected;
      return current && (isOther || isTooSoon) ? held.stamped(current) : minter.mint();
    },
    async prefetch() {
      if (!held.usable) await minter.mintAhead();
    },
    settled: () => minter.settled(),
    follow(follower) {
      followers.add(follower);
      return () => {
        followers.delete(follower);
        if (followers.size === 0) renewal.schedule();
      };
    },
    offer(answer) {
      const next = readGrant(answer);
      if (!held.isUsable(next)) return;
      held.take(next);
      renewal.schedule();
    },
    reset,
    discardUnless(isOfSession) {
      if (held.usable && !isOfSession(held.usable.token)) reset(true);
    },
    reconsider() {
      if (minter.forgetDenial()) renewal.reset(true);
    },
    wake: () => renewal.wake(),
    close() {
      held.forget();
      minter.close();
      renewal.close();
      followers.clear();
    },
  };
}
