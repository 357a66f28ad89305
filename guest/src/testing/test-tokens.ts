/** Tokens on their way to the guest under test: given when it asks, and pushed before they expire. */
import { BridgeError, TOKEN_LIMITS, type Hello, type TokenGrant } from "@breezeway/shared";
import type { Clock } from "@breezeway/shared/channel";
import type { IssuerCore } from "@breezeway/shared/testing";

export interface TestTokens {
  /** @throws {BridgeError} SIGNED_OUT, or the code with which the issuer refuses */
  grant(): TokenGrant;
  /** `null` where `grant` throws. */
  grantIfPossible(): TokenGrant | null;
  /** Follows what the guest of a new document asks for in its hello. */
  greet(hello: Pick<Hello, "autoRefresh" | "proofKeyThumbprint">): void;
  /** Starts to push, if the guest wants it. */
  connected(): void;
  disconnected(): void;
  /** Grants the token that the guest receives after the session has changed. */
  renew(isSignedIn: boolean): TokenGrant | null;
  /** Milliseconds until the last token expires; negative afterwards, 0 without a token. */
  readonly msLeft: number;
}

export interface TestTokensDeps {
  readonly clock: Clock;
  readonly issuer: IssuerCore;
  readonly appId: string;
  readonly ttlSeconds: number;
  readonly push: (grant: TokenGrant) => void;
}

interface PushState {
  isConnected: boolean;
  isWanted: boolean;
  proofKeyThumbprint: string | undefined;
  timer: unknown;
}

export function createTestTokens(deps: TestTokensDeps): TestTokens {
  const { clock, issuer } = deps;
  const refreshAheadMs = refreshAheadSeconds(deps.ttlSeconds) * 1000;
  const state: PushState = {
    isConnected: false,
    isWanted: false,
    proofKeyThumbprint: undefined,
    timer: undefined,
  };

  const msLeft = (): number => {
    const last = issuer.minted.at(-1);
    return last ? last.expiresAtSeconds * 1000 - clock.now() : 0;
  };

  const mint = (): TokenGrant => {
    // A failure of the issuer shows even while nobody is signed in.
    if (issuer.refusal === undefined && issuer.session.current === null) {
      throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
    }
    const { token, issuedAtSeconds, expiresAtSeconds } = issuer.mint(
      deps.appId,
      state.proofKeyThumbprint,
    );
    return { token, issuedAtSeconds, expiresAtSeconds, nowMs: clock.now() };
  };

  const mintIfPossible = (): TokenGrant | null => {
    try {
      return mint();
    } catch {
      return null;
    }
  };

  const schedulePush = (): void => {
    clock.clearTimer(state.timer);
    if (!state.isConnected || !state.isWanted || msLeft() <= 0) return;
    state.timer = clock.setTimer(
      () => {
        const next = mintIfPossible();
        if (next === null) return;
        schedulePush();
        deps.push(next);
      },
      Math.max(0, msLeft() - refreshAheadMs),
    );
  };

  const scheduled = <T extends TokenGrant | null>(granted: T): T => {
    if (granted) schedulePush();
    return granted;
  };

  return {
    grant: () => scheduled(mint()),
    grantIfPossible: () => scheduled(mintIfPossible()),
    greet({ autoRefresh, proofKeyThumbprint }) {
      state.isWanted = autoRefresh;
      state.proofKeyThumbprint = proofKeyThumbprint;
    },
    connected() {
      state.isConnected = true;
      schedulePush();
    },
    disconnected() {
      state.isConnected = false;
      clock.clearTimer(state.timer);
    },
    renew(isSignedIn) {
      clock.clearTimer(state.timer);
      return isSignedIn && state.isWanted ? scheduled(mintIfPossible()) : null;
    },
    get msLeft() {
      return msLeft();
    },
  };
}

function refreshAheadSeconds(ttlSeconds: number): number {
  const { minRefreshAheadSeconds, refreshAheadFraction } = TOKEN_LIMITS;
  return Math.max(minRefreshAheadSeconds, ttlSeconds * refreshAheadFraction);
}
