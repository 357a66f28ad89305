/**
 * The tokens of one frame: those that its app shares over all frames and tabs, or, when the document in
 * the frame has named a key in its hello, tokens of its own that are bound to that key.
 *
 * [FK-1] Tokens that are bound to the key of one document are never given to another: not to another
 *        frame, and not to the document that was in this frame before, while the new one is welcomed.
 */
import type { Hello } from "@breezeway/shared";
import type { Unsubscribe } from "@breezeway/shared/channel";
import type { TokenSource, TokenFollower } from "./token-source.ts";

export interface FrameTokenSource {
  /** For the welcome of a document that has said this hello. */
  of(hello: Hello): TokenSource;
  /** The document is in: its tokens are followed from now on, and those of the one before forgotten. */
  enter(hello: Hello): TokenSource;
  close(): void;
}

export interface FrameTokenSourceOptions {
  readonly shared: TokenSource;
  readonly bind: (proofKeyThumbprint: string) => TokenSource;
  readonly follower: TokenFollower;
}

interface Bound {
  readonly keyThumbprint: string;
  readonly tokens: TokenSource;
}

export function createFrameTokenSource(options: FrameTokenSourceOptions): FrameTokenSource {
  const { shared, bind, follower } = options;
  /** Of the document that said hello last. It may not be in yet. */
  let greeting: Bound | undefined;
  let current: Bound | undefined;
  let unfollow: Unsubscribe = shared.follow(follower);

  const greet = ({ proofKeyThumbprint }: Hello): Bound | undefined => {
    if (greeting?.keyThumbprint === proofKeyThumbprint) return greeting;
    if (greeting !== current) greeting?.tokens.close();
    greeting =
      proofKeyThumbprint === undefined
        ? undefined
        : { keyThumbprint: proofKeyThumbprint, tokens: bind(proofKeyThumbprint) };
    return greeting;
  };

  return {
    of: (hello) => greet(hello)?.tokens ?? shared,
    enter(hello) {
      const next = greet(hello);
      const tokens = next?.tokens ?? shared;
      if (next !== current) {
        unfollow();
        current?.tokens.close();
        current = next;
        unfollow = tokens.follow(follower);
      }
      // The token may be older than this guest: nobody wanted the next one until now.
      tokens.wake();
      return tokens;
    },
    close() {
      unfollow();
      if (greeting !== current) greeting?.tokens.close();
      current?.tokens.close();
    },
  };
}
