/**
 * Mints the tokens of one app.
 *
 * [AT-1] Single flight: there is one mint at a time, for all callers.
 * [AT-3] A token of an ended or changed session is discarded when it arrives.
 * [AT-6] A token that expires on its way to the host is not handed out.
 * [AT-7] After a refusal by the issuer (the app may not have a token, or nobody is signed in), the
 *        host refuses for `REFUSED_MS` without asking: a guest that asks in a loop must not use up the
 *        issuer's rate limit of the user's address. Anything that may change the answer ends this
 *        early: another session or tenant, other rights, other installations.
 */
import { BridgeError } from "../errors/bridge-error.ts";
import type { TokenGrant } from "../protocol/session.ts";
import type { TokenResponse } from "../schemas/auth-api.ts";
import type { Clock } from "../clock.ts";
import type { Skew } from "../channel/skew.ts";
import { readGrant, type HeldToken } from "./held-token.ts";

/** @param isAhead Nobody waits for the token yet. */
export type Mint = (isAhead: boolean) => Promise<TokenResponse>;

export interface TokenMinter {
  readonly isMinting: boolean;
  /** Monotonic milliseconds of the last mint. */
  readonly mintedAt: number;
  /** Joins the mint in flight, or starts one. */
  mint(): Promise<TokenGrant>;
  /**
   * Joins the mint in flight, or starts one that is not repeated when a change of the session abandons it.
   * Never rejects.
   */
  mintAhead(): Promise<void>;
  /** Resolves when the mint in flight, if there is one, has ended. Never rejects. */
  settled(): Promise<void>;
  /** Abandons the mint in flight: the session has changed. */
  reset(): void;
  /** Ends a denial. @returns Whether there was one. */
  forgetDenial(): boolean;
  forgetRefusal(): void;
  /** Calls the listener after each mint that was not abandoned. */
  subscribe(listener: (isFailure: boolean) => void): void;
  close(): void;
}

export interface TokenMinterDeps {
  readonly mint: Mint;
  readonly clock: Clock;
  readonly skew: Skew;
  readonly held: HeldToken;
}

/** `undefined`: the session has changed meanwhile. */
type Flight = Promise<TokenGrant | undefined>;

interface MinterState {
  flight: Flight | undefined;
  mintedAt: number;
  /** Counts sessions and tenants. */
  epoch: number;
  /** Counts changes that may have ended a denial. */
  changes: number;
  refusal: { readonly error: BridgeError; readonly untilMs: number } | undefined;
  isClosed: boolean;
}

const REFUSED_MS = 5_000;

export function createTokenMinter(deps: TokenMinterDeps): TokenMinter {
  const { clock, held } = deps;
  const listeners: ((isFailure: boolean) => void)[] = [];
  const state: MinterState = {
    flight: undefined,
    mintedAt: -Infinity,
    epoch: 0,
    changes: 0,
    refusal: undefined,
    isClosed: false,
  };

  const settle = (flight: Flight, error: unknown): void => {
    if (state.flight !== flight) return;
    state.flight = undefined;
    if (isRefusal(error)) {
      state.refusal = { error, untilMs: clock.monotonic() + REFUSED_MS };
    }
    for (const listener of listeners) listener(error !== undefined);
  };

  const join = (isAhead: boolean): Flight => {
    const blocked = blockedBy(state, clock);
    if (blocked) return Promise.reject(blocked);
    if (state.flight) return state.flight;
    const flight = mintOnce(deps, state, isAhead);
    state.flight = flight;
    flight.then(
      () => settle(flight, undefined),
      (error: unknown) => settle(flight, error),
    );
    return flight;
  };

  const mint = async (): Promise<TokenGrant> => {
    const minted = await join(false);
    if (minted) return minted;
    // The caller wants a token of the present session.
    return held.usable ? held.stamped(held.usable) : mint();
  };

  return {
    get isMinting() {
      return state.flight !== undefined;
    },
    get mintedAt() {
      return state.mintedAt;
    },
    mint,
    mintAhead: () => ended(join(true)),
    settled: () => ended(state.flight),
    reset() {
      state.epoch += 1;
      state.flight = undefined;
      state.refusal = undefined;
    },
    forgetDenial() {
      state.changes += 1;
      // `reset` handles sign-ins. Asking here as well would mint twice.
      if (!isDenial(state.refusal?.error)) return false;
      state.refusal = undefined;
      return true;
    },
    forgetRefusal() {
      state.refusal = undefined;
    },
    subscribe: (listener) => void listeners.push(listener),
    close() {
      state.isClosed = true;
      state.epoch += 1;
    },
  };
}

async function ended(flight: Flight | undefined): Promise<void> {
  try {
    await flight;
  } catch {
    // The callers of `mint` get the error.
  }
}

function blockedBy(
  { isClosed, flight, refusal }: MinterState,
  clock: Clock,
): BridgeError | undefined {
  if (isClosed) return new BridgeError("HOST_GONE", "The host was closed.");
  const isRefused = !flight && refusal && clock.monotonic() < refusal.untilMs;
  return isRefused ? refusal.error : undefined;
}

/** @returns `undefined` when the session has changed meanwhile. */
async function mintOnce(
  deps: TokenMinterDeps,
  state: MinterState,
  isAhead: boolean,
  isAgain = false,
): Promise<TokenGrant | undefined> {
  const { clock, skew, held } = deps;
  const { epoch } = state;
  const askedAt = clock.now();
  const next = readGrant(await ask(deps, state, isAhead));
  if (epoch !== state.epoch) return undefined;
  // `iat` is rounded down to the second.
  skew.sample(next.issuedAtSeconds * 1000, askedAt - 1000);
  if (!held.isUsable(next)) {
    // It has expired on its way, as when the device slept meanwhile.
    if (!isAgain) return mintOnce(deps, state, isAhead, true);
    throw new BridgeError("OFFLINE", "The issuer's answers take longer than its tokens live.");
  }
  state.mintedAt = clock.monotonic();
  return held.stamped(held.take(next));
}

/** Asks again after a denial that a change has overtaken, unless `reset` has done so. */
async function ask(
  deps: TokenMinterDeps,
  state: MinterState,
  isAhead: boolean,
): Promise<TokenResponse> {
  const { epoch } = state;
  for (;;) {
    const { changes } = state;
    try {
      return await deps.mint(isAhead);
    } catch (error) {
      if (changes === state.changes || epoch !== state.epoch || !isDenial(error)) throw error;
    }
  }
}

function isRefusal(error: unknown): error is BridgeError {
  return isDenial(error) || (BridgeError.is(error) && error.code === "SIGNED_OUT");
}

function isDenial(error: unknown): error is BridgeError {
  return BridgeError.is(error) && error.code === "DENIED";
}
