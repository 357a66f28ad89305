/**
 * The tokens of one frame: the tokens that its app shares over all frames and tabs, or, when the
 * document in the frame has named a key in its hello, tokens that are bound to that key.
 *
 * [FK-1] Tokens that are bound to the key of one document are never given to another document: neither
 *        to one in another frame, nor to the previous one of this frame while the new one is welcomed.
 * [FK-2] A token that is minted before the hello stays here. `of` and `enter` are the ways out, and both
 *        need the hello of a completed handshake.
 */
import type { Hello } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import type { TokenFollower, TokenSource } from "@breezeway/shared/session";
import type { HeldTokens } from "./token-registry.ts";

export interface FrameTokenSource {
  /** The app's tokens, bound to no key. */
  readonly shared: TokenSource;
  /** Mints the first token before the guest says hello. */
  prefetch(): void;
  /** The tokens for the welcome of a document that has sent this hello. */
  of(hello: Hello): TokenSource;
  /** The document is connected. Follows its tokens from now on and closes those of the one before. */
  enter(hello: Hello): TokenSource;
  /** Tells the follower each new token of the connected document. Call it once. */
  follow(follower: TokenFollower): void;
  /** The frame has left the page. Nothing follows tokens until a document is connected again. */
  leave(): void;
  close(): void;
}

export interface FrameTokenSourceDeps {
  /** Holds the app's tokens, bound to no key, for this frame. */
  readonly hold: () => HeldTokens;
  readonly bind: (proofKeyThumbprint: string) => TokenSource;
}

interface Bound {
  readonly keyThumbprint: string;
  readonly tokens: TokenSource;
}

interface FrameState {
  /** `undefined` while the frame is not in the page. */
  held: HeldTokens | undefined;
  /** Belongs to the latest hello, whose document may not be connected yet. */
  greeting: Bound | undefined;
  current: Bound | undefined;
  follower: TokenFollower | undefined;
  /** `undefined` while nothing is followed. */
  unfollow: Unsubscribe | undefined;
}

export function createFrameTokenSource({ hold, bind }: FrameTokenSourceDeps): FrameTokenSource {
  const state: FrameState = {
    held: undefined,
    greeting: undefined,
    current: undefined,
    follower: undefined,
    unfollow: undefined,
  };

  const held = (): HeldTokens => (state.held ??= hold());

  const greet = ({ proofKeyThumbprint }: Hello): Bound | undefined => {
    const { greeting, current } = state;
    if (greeting?.keyThumbprint === proofKeyThumbprint) return greeting;
    if (greeting !== current) greeting?.tokens.close();
    state.greeting =
      proofKeyThumbprint === undefined
        ? undefined
        : { keyThumbprint: proofKeyThumbprint, tokens: bind(proofKeyThumbprint) };
    return state.greeting;
  };

  const followCurrent = (): void => {
    const tokens = state.current?.tokens ?? held().tokens;
    if (state.follower) state.unfollow = tokens.follow(state.follower);
  };

  const end = (): void => {
    state.unfollow?.();
    state.unfollow = undefined;
    if (state.greeting !== state.current) state.greeting?.tokens.close();
    state.current?.tokens.close();
    state.greeting = undefined;
    state.current = undefined;
    state.held?.release();
    state.held = undefined;
  };

  return {
    get shared() {
      return held().tokens;
    },
    prefetch: () => held().prefetch(),
    of: (hello) => greet(hello)?.tokens ?? held().tokens,
    enter(hello) {
      const next = greet(hello);
      if (next !== state.current || state.unfollow === undefined) {
        state.unfollow?.();
        if (next !== state.current) state.current?.tokens.close();
        state.current = next;
        followCurrent();
      }
      const tokens = next?.tokens ?? held().tokens;
      // The shared token may be older than this guest: no follower wanted the next one until now.
      tokens.wake();
      return tokens;
    },
    follow(follower) {
      state.follower = follower;
      followCurrent();
    },
    leave: end,
    close: end,
  };
}
