/**
 * Mints the next token before the current one expires.
 *
 * [AT-2] The renewal runs while a guest wants tokens pushed and the page is visible, at a moment with
 *        jitter, so that apps and tabs do not all ask at once.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import { TOKEN_LIMITS } from "../limits.ts";
import type { Clock } from "../clock.ts";
import type { Grant, HeldToken } from "./held-token.ts";
import type { TokenMinter } from "./token-minter.ts";

export interface TokenRenewal {
  /** Sets the timer for the next renewal, or clears it while no token is wanted. */
  schedule(): void;
  /** Mints at once if a renewal was missed; otherwise the same as `schedule`. */
  wake(): void;
  /** Starts over after a change of the session. */
  reset(isSignedIn: boolean): void;
  close(): void;
}

export interface TokenRenewalDeps {
  readonly held: HeldToken;
  readonly minter: TokenMinter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly isVisible: () => boolean;
  /** Whether a guest wants tokens pushed. */
  readonly isWanted: () => boolean;
}

interface RenewalState {
  timer: unknown;
  retryMs: number;
  /** The last mint failed. The next attempt waits `retryMs`, however soon the token expires. */
  hasFailed: boolean;
  /** `blocked`: signed out or denied. No attempt can succeed before `reset`. */
  phase: "active" | "blocked" | "closed";
}

const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

export function createTokenRenewal(deps: TokenRenewalDeps): TokenRenewal {
  const { held, minter, clock, random, isVisible, isWanted } = deps;
  const state: RenewalState = {
    timer: undefined,
    retryMs: FIRST_RETRY_MS,
    hasFailed: false,
    phase: "active",
  };

  const stopTimer = (): void => {
    clock.clearTimer(state.timer);
    state.timer = undefined;
  };

  const msUntilRenewal = (grant: Grant): number => {
    const lifeMs = (grant.expiresAtSeconds - grant.issuedAtSeconds) * 1000;
    const aheadMs = Math.max(
      TOKEN_LIMITS.minRefreshAheadSeconds * 1000,
      lifeMs * TOKEN_LIMITS.refreshAheadFraction,
    );
    // Jitter only renews earlier, never later.
    return Math.max(0, held.msLeft(grant) - aheadMs - random() * lifeMs * TOKEN_LIMITS.ttlJitter);
  };

  const renew = (): void => {
    stopTimer();
    if (state.phase === "closed" || !isVisible() || !isWanted()) return;
    minter.mint().catch((error: unknown) => {
      state.retryMs = Math.min(state.retryMs * 2, MAX_RETRY_MS);
      if (state.phase === "closed" || !BridgeError.is(error) || error.retryable) return;
      state.phase = "blocked";
      stopTimer();
    });
  };

  const schedule = (): void => {
    stopTimer();
    if (state.phase !== "active" || !isWanted()) return;
    const grant = state.hasFailed ? undefined : held.usable;
    state.timer = clock.setTimer(renew, grant ? msUntilRenewal(grant) : state.retryMs);
  };

  held.subscribe(() => {
    state.retryMs = FIRST_RETRY_MS;
    state.hasFailed = false;
    if (state.phase === "blocked") state.phase = "active";
  });
  minter.subscribe((isFailure) => {
    state.hasFailed = isFailure;
    schedule();
  });

  return {
    schedule,
    wake() {
      if (minter.isMinting || state.phase !== "active" || !isWanted()) return;
      const grant = held.usable;
      if (grant && msUntilRenewal(grant) > 0) schedule();
      else renew();
    },
    reset(isSignedIn) {
      if (state.phase === "closed") return;
      stopTimer();
      state.phase = isSignedIn ? "active" : "blocked";
      if (isSignedIn) renew();
    },
    close() {
      state.phase = "closed";
      stopTimer();
    },
  };
}
