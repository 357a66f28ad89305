/**
 * The token sources of a host: one per app, for all its frames and all tabs of the host.
 *
 * [TR-1] An app has tokens in this page while it has a frame here. When its last frame ends, they are
 *        dropped, also one that is still on its way.
 */
import type { TokenResponse } from "@breezeway/shared/schemas";
import { createSkew, type Clock, type Unsubscribe } from "@breezeway/shared/channel";
import type { Visibility } from "../session/visibility.ts";
import type { Tabs } from "../tabs/tabs.ts";
import { createPrefetchQueue } from "./prefetch-queue.ts";
import {
  createTokenSource,
  type TokenSource,
  type TokenSourceDeps,
} from "@breezeway/shared/session";

/** The tokens of an app, as one frame of it holds them. */
export interface HeldTokens {
  readonly tokens: TokenSource;
  /** Mints the first token before the guest says hello, unless the page is hidden. */
  prefetch(): void;
  /** The frame has ended. Call it once. */
  release(): void;
}

export interface TokenRegistry {
  hold(appId: string): HeldTokens;
  /**
   * Tokens that are bound to the key of one document. They are for its frame only, so no other tab gets
   * them. Close the source when the document is gone.
   */
  bound(appId: string, proofKeyThumbprint: string): TokenSource;
  /** Forgets all tokens: the session has changed or ended. */
  reset(isSignedIn: boolean): void;
  /** Forgets the tokens of other sessions than the one that has just become known. */
  discardUnless(isOfSession: (token: string) => boolean): void;
  /** Asks again after denials: apps of the tenant were installed or uninstalled. */
  reconsider(): void;
  close(): void;
}

export interface TokenRegistryDeps {
  readonly mint: (appId: string, proofKeyThumbprint?: string) => Promise<TokenResponse>;
  /** Names the session and tenant that tokens are minted for; `undefined` while they are unknown. */
  readonly identity: () => string | undefined;
  readonly clock: Clock;
  /** Returns 0 ≤ x < 1. */
  readonly random: () => number;
  readonly tabs: Tabs;
  readonly visibility: Visibility;
}

export function createTokenRegistry(deps: TokenRegistryDeps): TokenRegistry {
  const { clock, random, visibility } = deps;
  const skew = createSkew(clock);
  const byApp = new Map<string, AppEntry>();
  const prefetches = createPrefetchQueue();
  const bound = new Set<TokenSource>();
  const shared = createSharedMint(deps);

  const all = (): TokenSource[] => [
    ...Array.from(byApp.values(), ({ tokens }) => tokens),
    ...bound,
  ];

  const create = (mint: TokenSourceDeps["mint"]): TokenSource =>
    createTokenSource({ mint, clock, skew, random, isVisible: () => visibility.isVisible });

  const entryOf = (appId: string): AppEntry => {
    const found = byApp.get(appId);
    if (found) return found;
    const tokens = create((isAhead) => shared.mint(appId, isAhead));
    const entry: AppEntry = { tokens, prefetch: () => tokens.prefetch(), holders: 0 };
    byApp.set(appId, entry);
    return entry;
  };

  /** Another frame may have begun in the same task or during a mint, as when a framework mounts twice. */
  const dropUnlessHeld = async (appId: string, entry: AppEntry): Promise<void> => {
    await entry.tokens.settled();
    if (entry.holders > 0 || byApp.get(appId) !== entry) return;
    byApp.delete(appId);
    entry.tokens.close();
  };

  const subscriptions: readonly Unsubscribe[] = [
    shared.subscribe((appId, answer) => byApp.get(appId)?.tokens.offer(answer)),
    visibility.onVisible(() => {
      for (const tokens of all()) tokens.wake();
    }),
  ];

  return {
    hold(appId) {
      const entry = entryOf(appId);
      entry.holders += 1;
      return {
        tokens: entry.tokens,
        prefetch() {
          if (visibility.isVisible) prefetches.add(entry.prefetch);
        },
        release() {
          entry.holders -= 1;
          if (entry.holders > 0) return;
          prefetches.cancel(entry.prefetch);
          void dropUnlessHeld(appId, entry);
        },
      };
    },
    bound(appId, proofKeyThumbprint) {
      const tokens = create(() => deps.mint(appId, proofKeyThumbprint));
      bound.add(tokens);
      return {
        ...tokens,
        close() {
          bound.delete(tokens);
          tokens.close();
        },
      };
    },
    reset(isSignedIn) {
      shared.forget();
      if (!isSignedIn) prefetches.clear();
      for (const tokens of all()) tokens.reset(isSignedIn);
    },
    discardUnless(isOfSession) {
      for (const tokens of all()) tokens.discardUnless(isOfSession);
    },
    reconsider() {
      for (const tokens of all()) tokens.reconsider();
    },
    close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      prefetches.clear();
      for (const tokens of all()) tokens.close();
      byApp.clear();
    },
  };
}

interface AppEntry {
  readonly tokens: TokenSource;
  readonly prefetch: () => Promise<void>;
  /** The number of frames. */
  holders: number;
}

interface SharedMint {
  /**
   * Mints in one tab at a time, and takes the token of a tab that was faster. A mint ahead does not wait for
   * its turn: only a visible page mints ahead, and the browser's answer about a lock takes as long as a mint
   * while the frame's process starts.
   */
  mint(appId: string, isAhead: boolean): Promise<TokenResponse>;
  /** Calls the listener with each token that another tab has minted for this session. */
  subscribe(listener: (appId: string, answer: TokenResponse) => void): Unsubscribe;
  forget(): void;
}

/** Shares the minting of tokens between the tabs of a host. */
function createSharedMint({ mint, identity, clock, tabs }: TokenRegistryDeps): SharedMint {
  /** The last token of each app that came from another tab. */
  const received = new Map<string, { readonly answer: TokenResponse; readonly at: number }>();

  return {
    mint(appId, isAhead) {
      const askedAt = clock.monotonic();
      const work = async (): Promise<TokenResponse> => {
        const other = received.get(appId);
        // Another tab has minted while this one waited for its turn.
        if (other && other.at >= askedAt) return other.answer;
        const before = identity();
        const answer = await mint(appId);
        const after = identity();
        // If the session changed meanwhile, the token may belong to either one.
        if (after !== undefined && (before ?? after) === after) {
          tabs.post({ type: "grant", appId, identity: after, ...answer });
        }
        return answer;
      };
      return isAhead ? work() : tabs.exclusively(`mint ${appId}`, work);
    },
    subscribe: (listener) =>
      tabs.subscribe((message) => {
        if (message.type !== "grant" || message.identity !== identity()) return;
        const { token, expiresAt, appId } = message;
        const answer = { token, expiresAt };
        received.set(appId, { answer, at: clock.monotonic() });
        listener(appId, answer);
      }),
    forget: () => received.clear(),
  };
}
